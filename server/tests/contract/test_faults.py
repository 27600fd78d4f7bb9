"""Every field of every request with everything that does not belong there: a documented refusal, and no trace of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from harness import contract, database, samples
from harness.client import Client
from harness.faults import VALUES, Fault, encoded, faults_of, more_bodies, request_schema, whole_bodies
from harness.routes import Entry, entries
from harness.server import Server

DOCUMENTED = {operation.name: operation for operation in contract.operations() if "requestBody" in operation.definition}
WITH_BODY = [entry for entry in entries() if entry.name in DOCUMENTED]
EVERY = pytest.mark.parametrize("entry", WITH_BODY, ids=lambda entry: entry.name)
JSON = {"content-type": "application/json"}
BRANDS = "/brands"
# What only the demo account has: ready templates, and an organization that makes profiles.
OF_DEMO = ("/v3/messages", "/v3/profiles")
COUNTED = ("contacts", "templates", "webhooks", "batches", "messages", "customers", "brands", "campaigns", "users")
# What we take although the schema does not say so: patterns of `METHOD /path field: what`, and why.
LENIENT: dict[str, str] = {
    r" (sandbox|test_mode|submit_for_review|allow_\w+_sharing|retry_count|timeout_seconds|delivery_status): null": (
        "clients that send every field of a model send null for what was not set"
    ),
    r"complete web_?hook_url: ": "another spelling of webHookUrl, read when that is absent",
    r"/v3/webhooks\S* (url|description): ": "older names of endpoint_url and display_name, read when those are absent",
    r"templates\S* definition.*.variables.0.(id|props): (null|left out|an empty list)": (
        "variables count up, and need no properties"
    ),
    r"POST /v3/messages channels: an empty": "one name or an object may stand here too, and then says nothing",
    r"POST /v3/messages (template.parameters|variables): another object": "a number is taken as its text",
}
# What a new thing needs cannot become empty by an update either, though there it may be left out.
NEVER_EMPTY = (
    r"PUT /v3/webhooks/\S+ (display_name|endpoint_url|event_types): an empty",
    r"PATCH /v3/contacts/\S+ phone_number: an empty",
    r"PATCH /v3/(sender-)?profiles/\S+ name: an empty",
    r"PUT /v3/templates/\S+ definition: an empty",
)
# Refusals that name what the field belongs to, because only together they are wrong.
NAMED_ABOVE: dict[str, str] = {
    r"POST /v3/messages template: another object": "text",
    r"POST /v3/messages text: left out": "template",
    r"POST /v3/messages phone_number: (left out|null|an empty text)": "to",
    r"POST /v3/messages template.name: left out": "template",
    r"PATCH /v3/sender-profiles/\S+ description: left out": "body",  # nothing is left to change
    r"/v3/templates.* definition.body.multiChannel.variables": "template",
    r"/v3/templates.* definition.body.multiChannel: an empty": "body",
}
# Refused before anybody looks at fields.
UNREADABLE = {"a huge number", "a NUL", "half a character", "60 lists in one another"}


@pytest.fixture(scope="module")
def other(server: Server) -> Client:
    """Of an account that may be filled with anything: other tests look at what the demo account has."""
    return server.create_account("Faults", tier="unlimited").http


def _body(entry: Entry) -> dict[str, Any]:
    assert entry.body is not None
    return whole_bodies().get(entry.name) or entry.body()


def _faults(entry: Entry) -> Iterator[Fault]:
    operation = DOCUMENTED[entry.name]
    for body in (_body(entry), *more_bodies(operation)):
        yield from faults_of(operation, body)


def _is_lenient(entry: Entry, fault: Fault) -> bool:
    return any(re.search(pattern, f"{entry.name} {fault.name}") for pattern in LENIENT)


def _is_never_empty(entry: Entry, fault: Fault) -> bool:
    return any(re.search(pattern, f"{entry.name} {fault.name}") for pattern in NEVER_EMPTY)


def _above(entry: Entry, fault: Fault) -> list[str]:
    return [name for pattern, name in NAMED_ABOVE.items() if re.search(pattern, f"{entry.name} {fault.name}")]


def _count(server: Server) -> dict[str, int]:
    return {name: database.rows(server.database_url, f"SELECT COUNT(*) FROM {name}")[0][0] for name in COUNTED}


@EVERY
def test_a_field_with_a_fault_is_refused_by_name_and_leaves_no_trace(
    server: Server, other: Client, entry: Entry
) -> None:
    http = server.http if entry.path.startswith(OF_DEMO) and BRANDS not in entry.path else other
    path = entry.path_for(entry.make(server, http) if entry.owned else samples.UNKNOWN_ID)
    wrong: list[str] = []
    before = _count(server)
    for fault in _faults(entry):
        if not fault.documented or _is_lenient(entry, fault):
            continue
        if fault.means_absent and not _is_never_empty(entry, fault):
            continue
        answer = http.request(entry.method, path, body=encoded(fault.body), headers=JSON)
        wanted = {"body"} if fault.what in UNREADABLE else {fault.leaf, *_above(entry, fault)}
        told = list(answer.details) if answer.status >= 400 else []
        named = any(wanted & set(re.split(r"[.\[\]]", name)) for name in told)
        if answer.status not in (400, 422) or not named:
            wrong.append(f"{fault.name} -> {answer.status} {answer.code if answer.body else ''} {told}")
    assert not wrong, "\n".join(wrong)
    assert _count(server) == before


@EVERY
def test_the_zero_value_of_an_optional_field_is_as_good_as_leaving_it_out(
    server: Server, other: Client, entry: Entry
) -> None:
    http = server.http if entry.path.startswith(OF_DEMO) and BRANDS not in entry.path else other
    wrong: list[str] = []
    for fault in _faults(entry):
        if not fault.means_absent or _is_never_empty(entry, fault):
            continue
        path = entry.path_for(entry.make(server, http) if entry.owned else samples.UNKNOWN_ID)
        answer = http.request(entry.method, path, body=encoded(fault.body), headers=JSON)
        named = list(answer.details) if answer.status >= 400 else []
        left_out = http.request(entry.method, path, body=encoded(fault.without), headers=JSON) if named else None
        if left_out and left_out.details.keys() != answer.details.keys():
            wrong.append(f"{fault.name} -> {answer.status} {named}")
    assert not wrong, "\n".join(wrong)


@EVERY
def test_whatever_else_a_field_holds_is_taken_or_refused_but_never_breaks(
    server: Server, other: Client, entry: Entry
) -> None:
    http = server.http if entry.path.startswith(OF_DEMO) and BRANDS not in entry.path else other
    identifier = entry.make(server, http) if entry.owned else samples.UNKNOWN_ID
    for fault in _faults(entry):
        if fault.documented:
            continue
        path = entry.path_for(identifier)
        answer = http.request(entry.method, path, body=encoded(fault.body), headers=JSON)
        assert answer.status < 500, (fault.name, answer.body[:500])
        if entry.method == "DELETE" and answer.status < 300:
            identifier = entry.make(server, http)


@EVERY
def test_all_faults_of_a_body_are_told_at_once(server: Server, other: Client, entry: Entry) -> None:
    http = server.http if entry.path.startswith(OF_DEMO) and BRANDS not in entry.path else other
    path = entry.path_for(entry.make(server, http) if entry.owned else samples.UNKNOWN_ID)
    schema, body = request_schema(DOCUMENTED[entry.name]), _body(entry)
    branches = [contract.resolve(branch) for branch in schema.get("anyOf", [schema])]
    fields = next(branch for branch in branches if contract.validator(branch).is_valid(body))["properties"]
    wrong = {name: {"a": 1} for name in fields if name in body or name in ("sandbox", "test_mode")}
    answer = http.request(entry.method, path, json=wrong)
    assert answer.status == 400, answer.body
    told = {name.partition(".")[0].partition("[")[0] for name in answer.details}
    objects = {name for name, value in body.items() if isinstance(value, dict)}
    assert set(wrong) - objects <= told, answer.details


def test_there_are_enough_values() -> None:
    assert len(VALUES) >= 20


LISTS = [
    operation
    for operation in contract.operations()
    if operation.method == "GET" and "parameters" in operation.definition
]
HOSTILE = [
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "10" * 40,
    "true",
    "x" * 5_000,
    "%00",
    "%ff",
    "a&b=c",
    "[]",
    "{}",
    "'--",
    "*",
    "\u202e",
]


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
def test_a_query_of_any_kind_is_answered_as_documented(server: Server, operation: contract.Operation) -> None:
    path = re.sub(r"\{\w+\}", samples.UNKNOWN_ID, operation.path)
    for parameter in map(contract.resolve, operation.definition["parameters"]):
        if parameter["in"] == "query":
            for value in HOSTILE:
                answer = server.http.get(path, query={parameter["name"]: value})
                assert answer.status < 500, (parameter["name"], value)
