"""Scores of channels, as the contract defines them."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.conversations import summary
from sent_server.kernel import ids
from sent_server.messages.log import ContactTotals
from sent_server.messages.log_filter import StatusTotal
from sent_server.messages.statuses import MessageStatus

STATUSES = [status.value for status in MessageStatus]
TIMES = st.integers(1_700_000_000_000, 1_800_000_000_000)
ROWS = st.lists(st.tuples(st.sampled_from(["sms", "whatsapp", "rcs", None]), st.sampled_from(STATUSES), TIMES))


def totals_of(rows: Sequence[tuple[str | None, str, int]]) -> ContactTotals:
    found: dict[tuple[str | None, str], list[str]] = {}
    for channel, status, at_ms in rows:
        found.setdefault((channel, status), []).append(ids.new_id(at_ms))
    totals = [StatusTotal(*key, len(made), min(made), max(made)) for key, made in found.items()]
    return ContactTotals(totals, min((total.first_id for total in totals), default=None))


@given(ROWS)
def test_scores_are_shares_of_all_messages_on_the_channel(rows: list[tuple[str | None, str, int]]) -> None:
    found = summary.of(totals_of(rows))
    assert found.message_count == len(rows)
    assert found.first_at_ms == min((at_ms for _, _, at_ms in rows), default=None)
    assert found.last_at_ms == max((at_ms for _, _, at_ms in rows), default=None)
    assert {score.channel for score in found.scores} == {channel for channel, _, _ in rows if channel}
    firsts = [min(at_ms for channel, _, at_ms in rows if channel == score.channel) for score in found.scores]
    assert firsts == sorted(firsts)
    for score in found.scores:
        statuses = [status for channel, status, _ in rows if channel == score.channel]
        good = sum(status in ("SENT", "DELIVERED", "READ", "RECEIVED") for status in statuses)
        assert score.success == rounded(good, len(statuses))
        assert score.fail == rounded(statuses.count("FAILED"), len(statuses))


def rounded(part: int, whole: int) -> int:
    return int((Decimal(100 * part) / whole).quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("part", "whole", "score"), [(0, 3, 0), (1, 3, 33), (2, 3, 67), (1, 8, 13), (5, 8, 63), (7, 7, 100)]
)
def test_a_half_rounds_up(part: int, whole: int, score: int) -> None:
    assert summary.percent(part, whole) == score
