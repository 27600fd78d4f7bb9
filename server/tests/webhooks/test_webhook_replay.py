"""Sending events again: one, a range, all that failed."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Behaviour, Receiver
from harness.server import Account, Server
from harness.waiting import at_least, equal_to, nothing, wait_for

UNKNOWN = samples.UNKNOWN_ID


def _failed_events(http: Client, receiver: Receiver, count: int) -> tuple[str, list[dict[str, Any]]]:
    """A webhook whose first `count` events were refused with 410, which ends them at once; then all is well."""
    receiver.behaviour = Behaviour(status=410)
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "contact.help")).data["id"]
    for number in range(count):
        http.post(f"/sim/phones/+1415555{number:04d}/messages", {"channel": "sms", "text": "HELP"})
        wait_for(lambda: _log(http, hook, "failed"), 10, until=at_least(number + 1), what="the event to fail")
        http.patch(f"/v3/webhooks/{hook}/toggle-status", {"is_active": True})
    receiver.behaviour = Behaviour()
    return hook, _log(http, hook, "failed")


def _log(http: Client, hook: str, status: str) -> list[dict[str, Any]]:
    events = http.get(f"/v3/webhooks/{hook}/events?page_size=100").data["events"]
    return [one for one in events if one["delivery_status"] == status and one["event_type"] != "webhook.disabled"]


def _replay(http: Client, hook: str, **body: Any) -> Any:
    return http.post(f"/v3/webhooks/{hook}/replay", body)


def test_an_endpoint_that_is_gone_is_switched_off(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    receiver.behaviour = Behaviour(status=410)
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "contact.help")).data["id"]
    http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": "HELP"})
    wait_for(
        lambda: http.get(f"/v3/webhooks/{hook}").data["is_active"], 10, until=nothing, what="the webhook to be disabled"
    )
    shown = http.get(f"/v3/webhooks/{hook}/events").data["events"]
    assert {(one["event_type"], one["error_message"]) for one in shown} == {
        ("webhook.disabled", "Disabled because the endpoint answered 410 Gone"),
        ("contact.help", "The endpoint answered HTTP 410"),
    }


def test_one_event_goes_out_again_with_its_id_and_bytes(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook, failed = _failed_events(http, receiver, 2)
    before = len(receiver.deliveries)
    answer = _replay(http, hook, event_id=failed[0]["id"])
    assert (answer.status, answer.data) == (202, {"replayed": 1, "next_after": None})
    again = receiver.wait(before + 1)[before]
    first = next(one for one in receiver.deliveries if one.body == again.body)
    assert again.headers["x-webhook-event-id"] == first.headers["x-webhook-event-id"]
    wait_for(lambda: [one["id"] for one in _log(http, hook, "delivered")], 10, until=equal_to([failed[0]["id"]]))
    assert len(receiver.deliveries) == before + 1
    [entry] = _log(http, hook, "delivered")
    assert (entry["delivery_attempts"], entry["error_message"]) == (2, None)


def test_all_that_failed_go_out_and_those_that_arrived_do_not(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook, failed = _failed_events(http, receiver, 3)
    assert _replay(http, hook, event_id=failed[0]["id"]).status == 202
    wait_for(lambda: _log(http, hook, "delivered"), 10, until=at_least(1))
    assert _replay(http, hook).data == {"replayed": 2, "next_after": None}
    wait_for(lambda: _log(http, hook, "delivered"), 10, until=at_least(3))
    assert _replay(http, hook).data == {"replayed": 0, "next_after": None}
    assert _replay(http, hook, delivery_status="all").data["replayed"] == 3


def test_a_range_takes_what_was_created_in_it(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook, failed = _failed_events(http, receiver, 3)
    newest, middle, oldest = failed
    assert _replay(http, hook, until=oldest["created_at"]).data["replayed"] == 0
    assert _replay(http, hook, since=middle["created_at"], until=newest["created_at"]).data["replayed"] == 1
    wait_for(lambda: [one["id"] for one in _log(http, hook, "delivered")], 10, until=equal_to([middle["id"]]))


def test_a_sandbox_replay_sends_nothing(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook, failed = _failed_events(http, receiver, 1)
    before = len(receiver.deliveries)
    answer = _replay(http, hook, event_id=failed[0]["id"], sandbox=True)
    assert (answer.status, answer.data["replayed"], answer.headers["x-sandbox"]) == (202, 1, "true")
    assert _log(http, hook, "failed") == failed
    assert len(receiver.deliveries) == before


def test_an_operator_replays_too(server: Server, fresh_account: Account, receiver: Receiver) -> None:
    hook, failed = _failed_events(fresh_account.http, receiver, 2)
    done = server.operate("webhooks", "replay", fresh_account.customer_id, hook, "--since", failed[0]["created_at"])
    assert done == {"webhook_id": hook, "replayed": 1}
    assert server.operate("webhooks", "replay", fresh_account.customer_id, hook)["replayed"] == 1
    with pytest.raises(AssertionError, match="is not a time"):
        server.operate("webhooks", "replay", fresh_account.customer_id, hook, "--since", "yesterday")
    with pytest.raises(AssertionError, match="Webhook not found"):
        server.operate("webhooks", "replay", fresh_account.customer_id, UNKNOWN)


def test_an_event_of_another_webhook_or_tenant_is_unknown(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook, failed = _failed_events(http, receiver, 1)
    other = http.post("/v3/webhooks", samples.webhook(receiver.url())).data["id"]
    for path_id, event_id in ((other, failed[0]["id"]), (hook, UNKNOWN), (UNKNOWN, failed[0]["id"])):
        answer = _replay(http, path_id, event_id=event_id)
        assert (answer.status, answer.code) == (404, "RESOURCE_008")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-15"}, "since"),
        ({"until": "2026-13-15T10:00:00Z"}, "until"),
        ({"until": 5}, "until"),
        ({"delivery_status": "pending"}, "delivery_status"),
        ({"event_id": "x"}, "event_id"),
        ({"after": "x"}, "after"),
        ({"event_id": UNKNOWN, "since": "2026-01-15T10:00:00Z"}, "body"),
    ],
)
def test_bad_input_names_its_field(http: Client, body: dict[str, Any], field: str) -> None:
    hook = http.post("/v3/webhooks", samples.webhook()).data["id"]
    answer = _replay(http, hook, **body)
    assert answer.status == 400
    assert list(answer.json["error"]["details"]) == [field]
