"""How a failure reads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.carriers.base import Receipt, ReceiptKind, Rejected
from sent_server.carriers.reasons import TABLE, Reason
from sent_server.delivery import failures


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [(10_000, "10 s"), (60_000, "60 s"), (90_000, "90 s"), (120_000, "2 min"), (3_600_000, "60 min"),
     (259_200_000, "72 h"), (500, "500 ms"), (10_400, "10 s")],
)  # fmt: skip
def test_a_duration_is_in_a_unit_that_people_use(span_ms: int, text: str) -> None:
    assert failures.duration(span_ms) == text


@given(
    st.sampled_from(Reason),
    st.text("0123456789ABC", min_size=1, max_size=8),
    st.sampled_from(["sms", "whatsapp", "rcs"]),
)
def test_a_description_begins_with_the_documented_prefix_else_with_the_code(
    reason: Reason, code: str, channel: str
) -> None:
    for failure in (
        failures.rejected(Rejected(code, "No", reason), channel),
        failures.undelivered(Receipt("e", "r", ReceiptKind.FAILED, code, reason), channel),
    ):
        description = failure.description(of_shown_leg=True)
        assert description.startswith(f"{TABLE[reason].prefix or code}: ")
        assert code in description
        assert failures.LABELS[channel] in failure.description(of_shown_leg=False)
        assert failure.reason_code == TABLE[reason].reason_code


def test_a_failure_without_a_code_is_a_sentence() -> None:
    failure = failures.undelivered(Receipt("e", "r", ReceiptKind.FAILED), "sms")
    assert failure.description(of_shown_leg=True) == "The carrier could not deliver the message"
    assert failure.reason is Reason.UNKNOWN
    assert re.fullmatch(r"No receipt from RCS within 5 min", failures.no_receipt("rcs", waited_ms=300_000).text)
