"""Walking a list by cursor while its rows come and go; every list of the API, over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import wait_for

Row = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """A list of one account: where it is, how a row is added and removed. `ascending` lists add at their end."""

    http: Client
    path: str
    add: Callable[[], str]
    remove: Callable[[str], None] | None = None
    ascending: bool = False
    rows: str = ""

    def page(self, **query: Any) -> tuple[list[str], Row]:
        answer = self.http.get(self.path, query={"page_size": 2, **query})
        assert answer.status == 200, answer.body
        rows = answer.data[self.rows or self.path.rpartition("/")[2]]
        return [key_of(row) for row in rows], answer.data["pagination"]


def key_of(row: Row) -> str:
    return str(row.get("id") or row["phone"])


def adds(http: Client, path: str, body: Callable[[], Row]) -> Callable[[], str]:
    def add() -> str:
        made = http.post(path, body())
        assert made.status == 201, made.body
        return str(made.data["id"])

    return add


def removes(http: Client, path: str) -> Callable[[str], None]:
    def remove(row_id: str) -> None:
        assert http.delete(f"{path}/{row_id}", {}).status == 204

    return remove


def simple(http: Client, path: str, body: Callable[[], Row], *, ascending: bool = False) -> Listed:
    return Listed(http, path, adds(http, path, body), removes(http, path), ascending)


def contacts(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/contacts", lambda: {"phone_number": samples.phone()})


def filtered_contacts(account: Account, server: Server) -> Listed:
    made = contacts(account, server)
    return Listed(made.http, "/v3/contacts?channel=sms", made.add, made.remove)


def inherited_contacts(account: Account, server: Server) -> Listed:
    made = contacts(account, server)
    body = {"name": "Heir", "billing_model": "organization", "inherit_contacts": True}
    profile_id = str(account.http.post("/v3/profiles", body).data["id"])
    heir = server.client(account.api_key, x_profile_id=profile_id)
    return Listed(heir, made.path, made.add, made.remove)


def templates(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/templates", samples.template)


def filtered_templates(account: Account, server: Server) -> Listed:
    made = templates(account, server)
    return Listed(made.http, "/v3/templates?status=DRAFT", made.add, made.remove)


def webhooks(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/webhooks", samples.webhook)


def users(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/users", samples.user, ascending=True)


def profiles(account: Account, server: Server) -> Listed:
    body = {"name": "One of many", "billing_model": "organization"}
    return simple(account.http, "/v3/profiles", lambda: body, ascending=True)


def sends(http: Client, phone: str = "") -> Callable[[], str]:
    template_id = str(http.post("/v3/templates", samples.template()).data["id"])

    def send() -> str:
        body = {"to": [phone or samples.phone()], "template": {"id": template_id}, "channel": ["sms"]}
        sent = http.post("/v3/messages", body)
        assert sent.status == 202, sent.body
        return str(sent.data["recipients"][0]["message_id"])

    return send


def messages(account: Account, server: Server) -> Listed:
    return Listed(account.http, "/v3/messages", sends(account.http))


def filtered_messages(account: Account, server: Server) -> Listed:
    return Listed(account.http, "/v3/messages?direction=outbound", sends(account.http))


def messages_by_phone(account: Account, server: Server) -> Listed:
    phone = samples.phone()
    return Listed(account.http, f"/v3/messages?phone={phone}", sends(account.http, phone))


def conversations(account: Account, server: Server) -> Listed:
    return Listed(account.http, "/v3/conversations", sends(account.http), rows="messages")


def conversation(account: Account, server: Server) -> Listed:
    phone = samples.phone()
    contact_id = account.http.post("/v3/contacts", {"phone_number": phone}).data["id"]
    return Listed(account.http, f"/v3/conversations/{contact_id}", sends(account.http, phone), rows="messages")


def phones(account: Account, server: Server) -> Listed:
    def add() -> str:
        number = samples.phone()
        sent = account.http.post(f"/sim/phones/{number}/messages", {"channel": "sms", "text": "hello"})
        assert sent.status < 300, sent.body
        return number

    return Listed(account.http, "/sim/phones", add)


def phone_messages(account: Account, server: Server) -> Listed:
    path = f"/sim/phones/{samples.phone()}/messages"

    def add() -> str:
        sent = account.http.post(path, {"channel": "sms", "text": "hello"})
        assert sent.status < 300, sent.body
        return key_of(account.http.get(path).data["messages"][0])

    return Listed(account.http, path, add)


EVERY = [
    contacts, filtered_contacts, inherited_contacts, templates, filtered_templates, webhooks, users, profiles, phones,
    phone_messages, messages, filtered_messages, messages_by_phone, conversations, conversation,
]  # fmt: skip


@pytest.fixture(params=EVERY, ids=lambda make: make.__name__)
def listed(request: pytest.FixtureRequest, fresh_account: Account, server: Server) -> Listed:
    made: Listed = request.param(fresh_account, server)
    path, _, filters = made.path.partition("?")
    if not filters:
        return made
    name, _, value = filters.partition("=")

    class Filtered(Listed):
        def page(self, **query: Any) -> tuple[list[str], Row]:
            return super().page(**{name: value}, **query)

    return Filtered(made.http, path, made.add, made.remove, made.ascending, made.rows)


def everything(listed: Listed) -> list[str]:
    return listed.page(page_size=100)[0]


def test_a_walk_by_cursor_meets_every_row_once_while_rows_come_and_go(listed: Listed) -> None:
    for _ in range(5):
        listed.add()
    rows = everything(listed)
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
    answer = listed.http.get(listed.path, query={name: text})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert name in answer.details or "query" in answer.details


def test_both_directions_at_once_are_refused(listed: Listed) -> None:
    for _ in range(3):
        listed.add()
    _, position = listed.page()
    cursor = position["cursors"]["after"]
    answer = listed.http.get(listed.path, query={"after": cursor, "before": cursor})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")


def test_an_empty_cursor_is_like_none(listed: Listed) -> None:
    assert listed.page(after="", before="")[0] == listed.page()[0]


def test_a_cursor_of_another_account_shows_nothing_of_it(http: Client, fresh_account: Account) -> None:
    made = adds(fresh_account.http, "/v3/contacts", lambda: {"phone_number": samples.phone()})
    mine = [made() for _ in range(3)]
    adds(http, "/v3/contacts", lambda: {"phone_number": samples.phone()})()
    adds(http, "/v3/contacts", lambda: {"phone_number": samples.phone()})()
    foreign = http.get("/v3/contacts", query={"page_size": 1}).data["pagination"]["cursors"]["after"]
    shown = fresh_account.http.get("/v3/contacts", query={"after": foreign}).data["contacts"]
    assert {row["id"] for row in shown} <= set(mine)


def test_the_log_of_a_webhook_is_walked_by_cursor(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    webhook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "message")).data
    path = f"/sim/phones/{samples.phone()}/messages"
    for number in range(5):
        assert http.post(path, {"channel": "sms", "text": f"hello {number}"}).status < 300
    log = f"/v3/webhooks/{webhook['id']}/events"
    wait_for(lambda: http.get(log).data["pagination"]["total_count"], 10, until=lambda n: n >= 5, what="five events")
    rows = [row["id"] for row in http.get(log, query={"page_size": 100}).data["events"]]
    seen: list[str] = []
    query: Row = {"page_size": 2}
    while True:
        page = http.get(log, query=query).data
        seen += [row["id"] for row in page["events"]]
        if not page["pagination"]["has_more"]:
            break
        query["after"] = page["pagination"]["cursors"]["after"]
    assert seen == rows


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
