"""X-Webhook-Event-Type: the event's name for the newer names, the parent's for `messages` and `templates`."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Delivery, Receiver
from harness.server import Account
from harness.waiting import equal_to, wait_for

WEBHOOKS = "/v3/webhooks"


@pytest.fixture
def http(fresh_account: Account) -> Client:
    return fresh_account.http


def create(http: Client, receiver: Receiver, *names: str) -> str:
    made: str = http.post(WEBHOOKS, samples.webhook(receiver.url(), *names)).data["id"]
    return made


def write_in(http: Client, text: str = "HELP") -> None:
    http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": text})


def shown(delivery: Delivery) -> tuple[Any, ...]:
    body = delivery.json
    return delivery.headers["x-webhook-event-type"], body["field"], body.get("event"), body.get("sub_type")


@pytest.mark.parametrize(("subscribed", "header", "field"), [
    (["messages"], "messages", "messages"),
    (["message"], "message.received", "message"),
    (["message.received"], "message.received", "messages"),
    (["*"], "message.received", "messages"),
    (["message", "messages"], "messages", "message"),
    (["messages", "message"], "messages", "messages"),
    (["message.received", "messages"], "messages", "messages"),
    (["*", "messages"], "messages", "messages"),
    (["message.received", "templates"], "message.received", "messages"),
    (["contact", "message.received"], "message.received", "messages"),
])  # fmt: skip
def test_an_event_is_named_as_its_receiver_subscribed(
    http: Client, receiver: Receiver, subscribed: list[str], header: str, field: str
) -> None:
    create(http, receiver, *subscribed)
    write_in(http)
    found = wait_for(lambda: [one for one in receiver.deliveries if one.json["event"] == "message.received"], 10)
    assert [shown(one) for one in found] == [(header, field, "message.received", "message.received")]


@pytest.mark.parametrize("subscribed", [["contact"], ["contact.help"], ["*"], ["contact.help", "messages"]])
def test_a_contact_event_is_called_by_its_name(http: Client, receiver: Receiver, subscribed: list[str]) -> None:
    create(http, receiver, *subscribed)
    write_in(http)
    found = wait_for(lambda: [one for one in receiver.deliveries if one.json["event"] == "contact.help"], 10)
    assert [shown(one) for one in found] == [("contact.help", "contact", "contact.help", "contact.help")]


@pytest.mark.parametrize("subscribed", [["templates"], ["template"], ["*"], ["message", "templates"]])
def test_a_template_event_keeps_its_parents_name(http: Client, receiver: Receiver, subscribed: list[str]) -> None:
    create(http, receiver, *subscribed)
    http.post("/v3/templates", samples.template(submit_for_review=True))
    [got] = receiver.wait(1, 15)
    assert shown(got) == ("templates", "templates", None, None)


@pytest.mark.parametrize(("subscribed", "asked", "header"), [
    (["messages"], "message.failed", "messages"),
    (["messages"], "messages", "messages"),
    (["message"], "message.failed", "message.failed"),
    (["message"], "messages", "message.delivered"),
    (["message.sent"], "message.failed", "message.failed"),
    (["message.sent"], "messages", "messages"),
    (["message"], "templates", "templates"),
    (["messages"], "contact.opt_out", "contact.opt_out"),
    (["messages"], "contact", "contact.opt_in"),
    (["*"], "*", "message.delivered"),
])  # fmt: skip
def test_a_test_event_is_named_like_a_real_one(
    http: Client, receiver: Receiver, subscribed: list[str], asked: str, header: str
) -> None:
    hook = create(http, receiver, *subscribed)
    assert http.post(f"{WEBHOOKS}/{hook}/test", {"event_type": asked}).data["success"] is True
    [got] = receiver.deliveries
    assert got.headers["x-webhook-event-type"] == header
    assert header in (got.json["field"], got.json.get("event"))


def test_a_replay_is_named_as_the_event_was_whatever_the_webhook_subscribes_to_now(
    http: Client, receiver: Receiver
) -> None:
    hook = create(http, receiver, "message")
    write_in(http, "Hello")
    receiver.wait(1, 10)
    http.put(f"{WEBHOOKS}/{hook}", {"event_types": ["messages"]})
    write_in(http, "Hello")
    receiver.wait(2, 10)
    delivered = f"{WEBHOOKS}/{hook}/events?search=delivered"
    wait_for(lambda: http.get(delivered).data["pagination"]["total_count"], 10, until=equal_to(2))
    assert http.post(f"{WEBHOOKS}/{hook}/replay", {"delivery_status": "all"}).data["replayed"] == 2
    first, second, *again = receiver.wait(4, 10)
    assert (shown(first)[0], shown(second)[0]) == ("message.received", "messages")
    by_body = {one.body: shown(one) for one in (first, second)}
    assert {one.body: shown(one) for one in again} == by_body


def test_a_callback_address_gets_the_parents_name(http: Client, receiver: Receiver) -> None:
    template = http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": [samples.phone()], "template": {"id": template}, "channel": ["sms"]}
    assert http.post("/v3/messages", {**body, "callback_url": receiver.url("/callback")}).status == 202
    assert {shown(one)[:2] for one in receiver.wait(3, 15)} == {("messages", "messages")}
