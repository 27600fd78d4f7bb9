"""The one table of reasons: complete, and the same in contract/, in the package and in the documentation."""

import json
import re
from pathlib import Path

from sent_server.carriers import reasons
from sent_server.carriers.reasons import TABLE, Reason
from sent_server.carriers.simulator.behaviour import reason_of
from sent_server.errors.catalogue import CATALOGUE
from sent_server.routing import plan

ROOT = Path(__file__).parents[3]


def test_every_reason_has_one_row_and_every_row_a_reason() -> None:
    rows = json.loads((ROOT / "contract" / "reasons.json").read_text(encoding="utf-8"))["reasons"]
    assert sorted(row["reason"] for row in rows) == sorted(Reason)
    assert set(TABLE) == set(Reason)


def test_codes_are_documented_ones_and_each_prefix_has_one_code() -> None:
    for entry in TABLE.values():
        assert entry.reason_code in CATALOGUE or re.fullmatch(r"DELIVERY_00\d|BUSINESS_029", entry.reason_code)
        assert entry.next_step.endswith(".")
        if entry.prefix:
            assert reasons.CODE_OF_PREFIX[entry.prefix] == entry.reason_code


def test_what_is_refused_at_acceptance_has_a_reason_too() -> None:
    assert {plan.CONSENT_BLOCKED, plan.ROUTE_DENIED, plan.PARAMETERS_INVALID} == set(reasons.CODE_OF_PREFIX)


def test_only_advertising_stops_where_a_person_or_a_filter_said_no() -> None:
    kinds = ("MARKETING", "UTILITY", None)
    assert [reasons.falls_back(Reason.CONTENT_REFUSED, kind) for kind in kinds] == [False, True, True]
    assert [reasons.falls_back(Reason.OPTED_OUT, kind) for kind in kinds] == [False] * 3
    assert [reasons.falls_back(Reason.NO_RECEIPT, kind) for kind in kinds] == [True] * 3


def test_the_page_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    for entry in TABLE.values():
        assert f"| `{entry.reason}` | `{entry.reason_code}` |" in page
        assert entry.next_step in page


def test_every_reason_can_be_produced_and_every_one_that_the_code_names_is_in_the_table() -> None:
    """Any carrier may report any reason, as the simulated one does for a fault of that name."""
    assert {reason_of(reason.name) for reason in Reason} == set(TABLE)
    sources = (Path(reasons.__file__).parents[1]).rglob("*.py")
    named = {
        name for path in sources for name in re.findall(r"\bReason\.([A-Z_]+)\b", path.read_text(encoding="utf-8"))
    }
    assert named <= {reason.name for reason in Reason}


def test_a_reason_is_a_sentence_about_what_happened_and_one_about_what_to_do() -> None:
    for reason, entry in TABLE.items():
        assert reasons.explain(reason, "the contact has opted out") == f"The contact has opted out. {entry.next_step}"
        assert entry.next_step.endswith(".")
        assert entry.next_step[0].isupper()
