"""Walking a list by cursor while its rows come and go; every list of the API, over HTTP."""

from typing import Any

import pytest

from harness import lists, samples
from harness.client import Client
from harness.lists import Listed
from harness.server import Account, Server

Row = dict[str, Any]


@pytest.fixture(params=lists.EVERY, ids=lambda make: make.__name__)
def listed(request: pytest.FixtureRequest, fresh_account: Account, server: Server) -> Listed:
    made: Listed = request.param(fresh_account, server)
    return made


def test_every_list_of_the_contract_is_walked_here() -> None:
    assert lists.paths_with_cursors() - lists.OF_THE_CONTRACT.keys() == set()
    assert len(lists.SERVED) == len(lists.paths_with_cursors())


def test_a_walk_by_cursor_meets_every_row_once_while_rows_come_and_go(listed: Listed) -> None:
    for _ in range(5):
        listed.add()
    rows = listed.everything()
    shown, position = listed.page()
    seen = list(shown)
    assert (position["page"], position["cursors"]["before"]) == (1, None)
    added = listed.add()
    if listed.remove is not None:
        listed.remove(seen[0] if not listed.ascending else seen[1])
    while position["cursors"]["after"] is not None:
        assert position["has_more"]
        number = position["page"]
        shown, position = listed.page(after=position["cursors"]["after"], page=1)
        assert position["page"] == number + 1
        seen += shown
    assert not position["has_more"]
    assert seen == [*rows, added] if listed.ascending else seen == rows


def test_before_leads_back_to_the_rows_in_front(listed: Listed) -> None:
    for _ in range(5):
        listed.add()
    first, position = listed.page()
    second, position = listed.page(after=position["cursors"]["after"])
    third, position = listed.page(after=position["cursors"]["after"])
    assert third
    back, position = listed.page(before=position["cursors"]["before"])
    assert (back, position["has_more"]) == (second, True)
    back, position = listed.page(before=position["cursors"]["before"])
    assert (back, position["cursors"]["before"]) == (first, None)


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("text", ["nonsense", "AAAA", "%00", "W10", "a" * 300, "WzEsICIiXQ", "\u2603"])
def test_what_is_no_cursor_is_refused_by_name(listed: Listed, name: str, text: str) -> None:
    answer = listed.http.get(listed.at or listed.path, query={name: text})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert name in answer.details or "query" in answer.details


def test_both_directions_at_once_are_refused(listed: Listed) -> None:
    for _ in range(3):
        listed.add()
    _, position = listed.page()
    cursor = position["cursors"]["after"]
    answer = listed.http.get(listed.at or listed.path, query={"after": cursor, "before": cursor})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")


def test_an_empty_cursor_is_like_none(listed: Listed) -> None:
    assert listed.page(after="", before="")[0] == listed.page()[0]


def create(http: Client) -> str:
    return str(http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"])


def test_a_cursor_of_another_account_shows_nothing_of_it(http: Client, fresh_account: Account) -> None:
    mine = [create(fresh_account.http) for _ in range(3)]
    for _ in range(2):
        create(http)
    foreign = http.get("/v3/contacts", query={"page_size": 1}).data["pagination"]["cursors"]["after"]
    shown = fresh_account.http.get("/v3/contacts", query={"after": foreign}).data["contacts"]
    assert {row["id"] for row in shown} <= set(mine)


def test_lists_without_paging_stay_whole(fresh_account: Account) -> None:
    """Older clients list users and profiles without a page, and take what comes for everything."""
    http = fresh_account.http
    for _ in range(23):
        assert http.post("/v3/profiles", {"name": "One of many", "billing_model": "organization"}).status == 201
    answer = http.get("/v3/profiles").data
    assert len(answer["profiles"]) == 23
    position = answer["pagination"]
    assert (position["page"], position["page_size"], position["total_count"]) == (1, 23, 23)
    assert not position["has_more"]
    assert http.get("/v3/profiles", query={"page": 0}).status == 400
    assert len(http.get("/v3/profiles", query={"pageSize": 5, "page": 5}).data["profiles"]) == 3
