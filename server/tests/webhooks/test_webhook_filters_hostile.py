"""Filters and sender profiles of a tenant who means harm."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness import database, samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import at_least, equal_to, wait_for
from sent_server.events import filters

WEBHOOKS = "/v3/webhooks"
ODD = [
    "\u212aelvin",
    "mess\u0430ge",
    "message\u0000",
    "\u202etnes",
    "{{}}",
    "' OR 1=1 --",
    "x" * 100_000,
    "*",
    "message.*",
]


@pytest.fixture
def http(fresh_account: Account) -> Client:
    return fresh_account.http


@pytest.mark.parametrize("given", [
    *({"message": [odd]} for odd in ODD),
    *({odd: ["sent"]} for odd in ODD),
    {"message": ["sent", *(f"x{number}" for number in range(99))]},
    {f"family {number}": 1 for number in range(10_000)},
    {f"family {number}": ["sent"] for number in range(10_000)},
    {"message": {"message": ["sent"]}},
    {"message": [["sent"]]},
    {"message": [None]},
], ids=lambda given: str(given)[:30].encode("ascii", "replace").decode())  # fmt: skip
def test_odd_filters_are_refused_with_a_short_answer(http: Client, given: Any) -> None:
    for body in ({"event_filters": given}, {"sender_profile": {"event_types": ["message"], "event_filters": given}}):
        answer = http.post(WEBHOOKS, {**samples.webhook("https://example.com/", "message"), **body})
        assert (answer.status, len(answer.body) < 4_000) == (400, True)
    assert http.get(WEBHOOKS).data["webhooks"] == []


def test_half_a_character_is_no_filter(http: Client) -> None:
    for text in (rb'{"message": ["\ud800"]}', rb'{"\ud800": ["sent"]}'):
        start = b'{"display_name": "x", "endpoint_url": "https://example.com/", "event_types": ["*"], "event_filters": '
        headers = {"content-type": "application/json"}
        answer = http.request("POST", WEBHOOKS, body=start + text + b"}", headers=headers)
        assert answer.status == 400


def _rows(server: Server, table: str, hook: str) -> set[str]:
    found = database.rows(server.database_url, f"SELECT event_name FROM {table} WHERE endpoint_id = '{hook}'")
    return {row[0] for row in found}


def test_changes_at_the_same_moment_end_in_subscriptions_of_the_webhook_that_is_shown(
    server: Server, http: Client
) -> None:
    body = {**samples.webhook("https://example.com/", "message", "contact"), "sender_profile": {"event_types": ["*"]}}
    path = f"{WEBHOOKS}/{(hook := http.post(WEBHOOKS, body).data['id'])}"
    changes: list[dict[str, Any]] = [
        {"event_filters": {"message": ["sent"]}},
        {"event_filters": {"contact": ["help"], "message": ["read", "failed"]}},
        {"event_filters": {}},
        {"event_types": ["message"]},
        {"event_types": ["message", "contact", "templates"]},
        {"sender_profile": {"event_types": ["message"], "event_filters": {"message": ["sent"]}}},
        {"sender_profile": {"event_types": []}},
        {"is_active": False},
        {"is_active": True},
    ]

    def change(one: dict[str, Any]) -> int:
        if "is_active" in one:
            return http.patch(f"{path}/toggle-status", one).status
        return http.put(path, one).status

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(change, itertools.chain(*[changes] * 4)))
    # A filter of contact is refused after contact has left event_types.
    assert statuses <= {200, 400}
    shown = http.get(path).data
    wanted = set(filters.expand(shown["event_types"], shown["event_filters"] or {})) if shown["is_active"] else set()
    assert _rows(server, "subscriptions", hook) == wanted
    http.put(path, {"is_active": True, "sender_profile": {"event_types": ["contact"]}})
    assert _rows(server, "profile_subscriptions", hook) == set(filters.expand(["contact"]))
    http.delete(path, {})
    assert _rows(server, "profile_subscriptions", hook) == _rows(server, "subscriptions", hook) == set()


def test_a_large_fan_out_of_a_profile_reaches_the_log_of_its_organization_once(
    server: Server, fresh_account: Account, receiver: Receiver
) -> None:
    http = fresh_account.http
    made = http.post("/v3/profiles", {"name": "Large", "billing_model": "organization"}).data["id"]
    acting = server.client(fresh_account.api_key, x_profile_id=made)
    wanted = {"event_types": ["message.queued"]}
    hooks = [
        http.post(WEBHOOKS, {**samples.webhook(receiver.url(), "contact"), "sender_profile": wanted}).data["id"]
        for _ in range(5)
    ]
    acting.post(WEBHOOKS, samples.webhook(receiver.url("/own"), "message.queued"))
    template = acting.post("/v3/templates", samples.template()).data["id"]
    to = [samples.phone() for _ in range(500)]
    body = {"to": to, "template": {"id": template}, "channel": ["sms"]}
    assert acting.post("/v3/messages", body).status == 202
    for hook in hooks:
        total = lambda hook=hook: http.get(f"{WEBHOOKS}/{hook}/events").data["pagination"]["total_count"]  # noqa: E731
        wait_for(total, 60, until=equal_to(500))
    got = wait_for(lambda: receiver.on("/hook"), 90, until=at_least(2_500))
    pairs = {(one.headers["x-webhook-id"], one.json["payload"]["message_id"]) for one in got}
    assert len(pairs) == len(got) == 2_500
    assert {one.json["payload"]["account_id"] for one in got} == {made}
    own = wait_for(lambda: receiver.on("/own"), 60, until=at_least(500))
    assert {one.json["request_id"] for one in own} == {one.json["request_id"] for one in got}
