"""Fields that ask for what this server does not do: refused by name, unless empty. Generated from the table."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from harness import database, samples
from harness.client import Client, Response
from harness.routes import Entry, entries
from harness.server import Server
from sent_server.http import unserved

Json = dict[str, Any]
Where = tuple[str, ...]
REFUSED = [unserved.NOT_SUPPORTED]
# As the documents and other people's programs write them; the table has the rest.
SPELLINGS = [
    "scheduledAt",
    "ScheduledAt",
    "scheduled-at",
    "mediaUrls",
    "send_at",
    "sendAt",
]
EMPTY: list[Any] = [None, "", [], {}, False, 0]
FILLED: list[Any] = ["2027-01-01T00:00:00Z", ["x"], {"a": 1}, True, 1]
COUNTED = (
    "contacts",
    "templates",
    "webhooks",
    "batches",
    "messages",
    "customers",
    "campaigns",
    "jobs",
    "ledger_entries",
)
MUTATIONS = [entry for entry in entries() if entry.body is not None and entry.path.startswith("/v3/")]
ROWS: dict[str, tuple[Where, frozenset[str]]] = {
    "POST /v3/messages": ((), unserved.SEND),
    "POST /v3/contacts": ((), unserved.NEW_CONTACT),
    "POST /v3/templates": ((), unserved.NEW_TEMPLATE),
    "PUT /v3/templates/{id}": ((), unserved.TEMPLATE),
    "POST /v3/webhooks": ((), unserved.WEBHOOK),
    "PUT /v3/webhooks/{id}": ((), unserved.WEBHOOK),
    "POST /v3/channels/sms": ((), unserved.MARKET),
}


def _with(body: Json, where: Where, extra: Json) -> Json:
    changed = copy.deepcopy(body)
    inner = changed
    for step in where:
        inner = inner.setdefault(step, {})
    inner.update(extra)
    return changed


def _template() -> Json:
    body = samples.template()
    body["definition"]["header"] = {"type": "text", "template": "Hi"}
    return body


def _entry(name: str) -> Entry:
    return next(entry for entry in MUTATIONS if entry.name == name)


def _send(server: Server, http: Client, entry: Entry, body: Json) -> Response:
    path = entry.path_for(entry.make(server, http) if entry.owned else samples.UNKNOWN_ID)
    return http.request(entry.method, path, json=body)


def _body(entry: Entry) -> Json:
    if entry.name.startswith("PUT /v3/templates"):
        return _template()
    assert entry.body is not None
    return entry.body()


def _counts(server: Server) -> dict[str, int]:
    return {name: database.rows(server.database_url, f"SELECT COUNT(*) FROM {name}")[0][0] for name in COUNTED}


@pytest.mark.parametrize("sandbox", [False, True], ids=["live", "sandbox"])
@pytest.mark.parametrize("name", sorted({*unserved.SEND, *SPELLINGS}))
def test_a_send_that_asks_for_something_else_is_refused_by_name(server: Server, name: str, sandbox: bool) -> None:
    before = _counts(server), server.http.get("/v3/me").data["balance"]
    body = {**_body(_entry("POST /v3/messages")), "sandbox": sandbox}
    for value in FILLED:
        answer = server.http.post("/v3/messages", {**body, name: value})
        assert (answer.status, answer.code, answer.details) == (400, "VALIDATION_001", {name: REFUSED}), value
    assert (_counts(server), server.http.get("/v3/me").data["balance"]) == before
    for value in EMPTY:
        assert server.http.post("/v3/messages", {**body, name: value, "sandbox": True}).status == 202, value


@pytest.mark.parametrize("name", ROWS)
def test_every_field_of_the_table_is_refused_all_at_once_or_accepted_empty(server: Server, name: str) -> None:
    entry, (where, row) = _entry(name), ROWS[name]
    for filled in FILLED:
        answer = _send(server, server.http, entry, _with(_body(entry), where, dict.fromkeys(row, filled)))
        assert (answer.status, answer.code) == (400, "VALIDATION_001")
        assert answer.details == {".".join((*where, field)): REFUSED for field in row}
    for empty in EMPTY:
        answer = _send(server, server.http, entry, _with(_body(entry), where, dict.fromkeys(row, empty)))
        assert REFUSED not in (answer.details if answer.status >= 400 else {}).values()


@pytest.mark.parametrize(
    "channels", [{}, [], None, "", {"sms": [{"from": [], "country": "", "strategy": ""}]}], ids=str
)
def test_empty_pools_of_senders_say_nothing(server: Server, channels: Any) -> None:
    body = {**_body(_entry("POST /v3/messages")), "channels": channels, "sandbox": True}
    assert server.http.post("/v3/messages", body).status == 202


@pytest.mark.parametrize("entry", MUTATIONS, ids=lambda entry: entry.name)
def test_an_unknown_word_for_a_trial_run_never_does_the_thing_itself(server: Server, entry: Entry) -> None:
    for name in ("dry_run", "dryRun", "testMode", *sorted(unserved.TRIAL)):
        answer = _send(server, server.http, entry, {**_body(entry), name: True})
        assert answer.status == 400, name
        assert answer.details[name] == REFUSED


def test_faults_of_other_fields_are_reported_beside_them(http: Client) -> None:
    answer = http.post("/v3/messages", {"to": ["x"], "text": "Hi", "scheduled_at": "soon", "webhook_url": "x"})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert set(answer.details) == {"to[0]", "scheduled_at", "webhook_url"}


def _kept_without_effect() -> Iterator[tuple[str, Json]]:
    template = _with(
        _template(), ("definition", "header"), {"static_resource": True, "example_url": "https://e.example"}
    )
    yield "/v3/templates", {**template, "is_welcome_playground": True}
    send = {"to": [samples.phone()], "template": {"name": "welcome"}, "sandbox": True}
    yield "/v3/messages", {**send, "metadata": {"order": 1}, "tags": ["x"], "reference": "r", "": "x", "x" * 5_000: 1}
    yield "/v3/contacts", {"phone_number": samples.phone(), "first_name": "Ann", "id": samples.UNKNOWN_ID}


def test_what_has_no_effect_anywhere_and_what_nobody_documents_is_ignored(server: Server) -> None:
    for path, body in _kept_without_effect():
        answer = server.http.post(path, body)
        assert answer.status in (201, 202), answer.body
