"""A webhook that we have disabled, over real HTTP: nothing of what happened meanwhile is lost."""

from typing import Any

import pytest

from harness import samples
from harness.backends import Backend
from harness.client import Client
from harness.receiver import Behaviour, Receiver
from harness.server import Account, OwnServer, Server
from harness.waiting import at_least, nothing, wait_for

WEBHOOKS = "/v3/webhooks"


def write_in(http: Client, text: str) -> None:
    """Returns once the message is there: another webhook, made for this, has heard of it."""
    with Receiver() as witness:
        made = http.post(WEBHOOKS, samples.webhook(witness.url(), "message.received")).data["id"]
        answer = http.post("/sim/phones/+14155668870/messages", {"channel": "sms", "text": text})
        assert answer.status < 300, answer.body
        witness.wait(1, 15)
        http.delete(f"{WEBHOOKS}/{made}", {})


def disabled(http: Client, receiver: Receiver) -> str:
    """A webhook for inbound messages, disabled by the answer to the first one; its receiver is well again."""
    receiver.plan.append(Behaviour(410))
    hook: str = http.post(WEBHOOKS, samples.webhook(receiver.url(), "message.received")).data["id"]
    write_in(http, "first")
    wait_for(
        lambda: http.get(f"{WEBHOOKS}/{hook}").data["is_active"], 10, until=nothing, what="the webhook to be disabled"
    )
    return hook


def entries(http: Client, hook: str, status: str) -> list[dict[str, Any]]:
    found = http.get(f"{WEBHOOKS}/{hook}/events?page_size=100").data["events"]
    return [one for one in found if one["delivery_status"] == status]


def texts(receiver: Receiver) -> list[str]:
    return [got.json["payload"]["text"] for got in receiver.deliveries]


@pytest.mark.parametrize("how", ["toggle", "put", "operator"])
def test_an_inbound_message_meanwhile_arrives_once_it_is_enabled(
    server: Server, fresh_account: Account, receiver: Receiver, how: str
) -> None:
    http = fresh_account.http
    hook = disabled(http, receiver)
    write_in(http, "second")
    write_in(http, "third")
    shown = http.get(f"{WEBHOOKS}/{hook}/events").data
    assert [one["delivery_status"] for one in shown["events"]] == ["pending", "pending", "failed", "failed"]
    assert {one["error_message"] for one in entries(http, hook, "pending")} == {"Kept until the webhook is enabled"}
    assert shown["pagination"]["total_count"] == 4
    [listed] = server.operate("webhooks", "list", fresh_account.customer_id)
    assert (listed["id"], listed["state"], listed["parked_events"]) == (hook, "disabled", 2)
    assert "410" in listed["reason"]
    match how:
        case "toggle":
            assert http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": True}).data["is_active"] is True
        case "put":
            assert http.put(f"{WEBHOOKS}/{hook}", {"is_active": True}).data["is_active"] is True
        case _:
            done = server.operate("webhooks", "enable", fresh_account.customer_id, hook)
            assert done == {"webhook_id": hook, "is_active": True}
    receiver.wait(3, 10)
    assert sorted(texts(receiver)) == ["first", "second", "third"]
    wait_for(lambda: entries(http, hook, "delivered"), 10, until=at_least(2))
    assert http.post(f"{WEBHOOKS}/{hook}/replay", {"since": "2026-01-01T00:00:00Z"}).data["replayed"] == 1
    receiver.wait(4, 10)
    assert texts(receiver)[3] == "first"
    [listed] = server.operate("webhooks", "list", fresh_account.customer_id)
    assert (listed["state"], listed["parked_events"]) == ("active", 0)


def test_what_happens_while_a_person_has_switched_it_off_is_not_kept(
    fresh_account: Account, receiver: Receiver
) -> None:
    http = fresh_account.http
    hook = http.post(WEBHOOKS, samples.webhook(receiver.url(), "message.received")).data["id"]
    assert http.put(f"{WEBHOOKS}/{hook}", {"is_active": False}).data["is_active"] is False
    write_in(http, "unheard")
    assert http.get(f"{WEBHOOKS}/{hook}/events").data["pagination"]["total_count"] == 0
    http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": True})
    write_in(http, "heard")
    receiver.wait(1, 10)
    assert texts(receiver) == ["heard"]


def test_another_tenant_neither_enables_nor_sees_it(server: Server, fresh_account: Account, receiver: Receiver) -> None:
    hook = disabled(fresh_account.http, receiver)
    other = server.create_account()
    assert other.http.put(f"{WEBHOOKS}/{hook}", {"is_active": True}).code == "RESOURCE_008"
    assert server.operate("webhooks", "list", other.customer_id) == []
    with pytest.raises(AssertionError, match="Webhook not found"):
        server.operate("webhooks", "enable", other.customer_id, hook)
    assert fresh_account.http.get(f"{WEBHOOKS}/{hook}").data["is_active"] is False


def test_a_sandbox_request_enables_nothing(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook = disabled(http, receiver)
    write_in(http, "kept")
    for answer in (
        http.put(f"{WEBHOOKS}/{hook}", {"is_active": True, "sandbox": True}),
        http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": True, "sandbox": True}),
    ):
        assert answer.status == 200
    assert http.get(f"{WEBHOOKS}/{hook}").data["is_active"] is False
    assert len(entries(http, hook, "pending")) == 1


def test_a_process_that_is_killed_before_and_after_the_switch_loses_nothing(
    own_server: OwnServer, backend: Backend, receiver: Receiver
) -> None:
    home = backend.new_home()
    url = backend.url_for(home)
    running = own_server(home=home, database_url=url)
    hook = disabled(running.http, receiver)
    write_in(running.http, "second")
    running.kill()
    running = own_server(home=home, database_url=url)
    write_in(running.http, "third")
    assert running.http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": True}).status == 200
    running.kill()
    running = own_server(home=home, database_url=url)
    wait_for(lambda: set(texts(receiver)), 60, until=lambda got: got >= {"second", "third"}, what="the kept events")
    wait_for(lambda: entries(running.http, hook, "pending"), 60, until=nothing, what="the log to say so")
    assert len(entries(running.http, hook, "delivered")) == 2
