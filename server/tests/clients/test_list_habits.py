"""How ordinary clients read lists: every page by number, every filter empty, and sizes under three names."""

from collections.abc import Mapping
from typing import Any

import pytest

from harness import lists
from harness.lists import Listed, Maker
from harness.server import Account, Server

# Java, C# and TypeScript always send paging, and typed clients send each optional filter, empty.
EMPTY: Mapping[str, str] = {
    "search": "", "status": "", "category": "", "channel": "", "phone": "", "is_active": "", "direction": "",
    "contact_id": "", "template_id": "", "created_after": "", "created_before": "", "after": "", "before": "",
    "is_welcome_playground": "",
}  # fmt: skip
ROWS = 5


@pytest.fixture(params=lists.SERVED, ids=lambda make: make.__name__)
def listed(request: pytest.FixtureRequest, fresh_account: Account, server: Server) -> Listed:
    make: Maker = request.param
    made = make(fresh_account, server)
    for _ in range(ROWS):
        made.add()
    return made


def test_pages_by_number_until_there_are_no_more(listed: Listed) -> None:
    """The loop of clients that know no cursors."""
    seen: list[str] = []
    number, has_more = 1, True
    while has_more:
        shown, position = listed.page(page=number, page_size=2)
        assert (position["page"], position["page_size"]) == (number, 2)
        seen += shown
        number, has_more = number + 1, position["has_more"]
    assert seen == listed.everything()
    assert len(seen) == position["total_count"] >= ROWS
    assert position["total_pages"] == number - 1


def test_pages_until_one_is_short(listed: Listed) -> None:
    """The loop of scripts that look at nothing but the rows."""
    seen: list[str] = []
    number = 1
    while len(shown := listed.page(page=number, page_size=2)[0]) == 2:
        seen += shown
        number += 1
    assert [*seen, *shown] == listed.everything()


def test_a_page_behind_the_last_one_is_empty(listed: Listed) -> None:
    shown, position = listed.page(page=50)
    assert (shown, position["has_more"], position["page"]) == ([], False, 50)
    assert position["total_count"] >= ROWS


@pytest.mark.parametrize("name", ["page_size", "pageSize", "limit"])
def test_the_size_has_three_names(listed: Listed, name: str) -> None:
    others = dict.fromkeys({"page_size", "pageSize", "limit"} - {name}, "")
    shown, position = listed.page(**{**others, name: 3})
    assert shown == listed.everything()[:3]
    assert position["page_size"] == 3


def test_empty_parameters_are_absent(listed: Listed) -> None:
    plain = listed.page(page=1, page_size=100)
    assert listed.page(**EMPTY, page=1, page_size=100) == plain
    assert listed.page(**EMPTY, page="", page_size="", limit=100) == plain


def test_parameters_of_other_services_are_ignored(listed: Listed) -> None:
    others: dict[str, Any] = {
        "sort": "-created_at",
        "order": "desc",
        "offset": 40,
        "cursor": "abc",
        "q": "x",
        "per_page": 1,
    }
    assert listed.page(**others) == listed.page()


def test_sizes_out_of_bounds_are_refused_by_their_name(listed: Listed) -> None:
    for name in ("page_size", "limit"):
        for size in ("0", "101", "-1", "ten", "1.5"):
            answer = listed.http.get(listed.at or listed.path, query={name: size})
            assert (answer.status, answer.code, list(answer.details)) == (400, "VALIDATION_001", [name])
