"""The posted body."""

from typing import Any

import orjson

from sent_server.events import EventContent
from sent_server.webhooks import body as bodies

AT_MS = 1_768_473_300_123
MESSAGE = {
    "account_id": "a", "message_id": "m", "message_status": "DELIVERED", "channel": "sms",
    "inbound_number": "+14155551234", "outbound_number": "+14155550100", "template_id": "t",
}  # fmt: skip


def content(name: str, payload: dict[str, Any]) -> EventContent:
    return EventContent("event-1", name, "m", orjson.dumps(payload).decode(), AT_MS)


def test_a_message_event_carries_every_documented_form() -> None:
    body = bodies.build(content("message.delivered", MESSAGE), "messages", clean=False)
    names = ("field", "sub_type", "event", "timestamp", "request_id", "payload", "meta", "type")
    assert {key: body[key] for key in names} == {
        "field": "messages",
        "sub_type": "message.delivered",
        "event": "message.delivered",
        "timestamp": "2026-01-15T10:35:00Z",
        "request_id": "event-1",
        "payload": MESSAGE,
        "meta": {"request_id": "event-1"},
        "type": "message.delivered",
    }
    assert {key: body["data"][key] for key in ("id", "message_id", "messageId", "status", "error")} == {
        "id": "m", "message_id": "m", "messageId": "m", "status": "delivered", "error": None,
    }  # fmt: skip
    assert {key: body[key] for key in ("id", "status", "channel", "to", "from", "template_id", "error")} == {
        "id": "m", "status": "DELIVERED", "channel": "sms", "to": "+14155551234", "from": "+14155550100",
        "template_id": "t", "error": None,
    }  # fmt: skip


def test_a_failure_says_why_in_the_older_forms() -> None:
    payload = {**MESSAGE, "message_status": "FAILED", "reason": "No route", "reason_code": "ERR_ROUTE_DENIED"}
    body = bodies.build(content("message.failed", payload), "messages", clean=False)
    assert body["error"] == body["data"]["error"] == {"code": "ERR_ROUTE_DENIED", "message": "No route"}


def test_a_state_without_a_name_of_its_own_in_form_e_is_a_status_update() -> None:
    body = bodies.build(content("message.queued", {**MESSAGE, "message_status": "QUEUED"}), "message", clean=False)
    assert (body["type"], body["field"]) == ("message.status.updated", "message")


def test_an_inbound_message_comes_from_the_contact() -> None:
    payload = {**MESSAGE, "message_status": "RECEIVED", "text": "Hi"}
    body = bodies.build(content("message.received", payload), "messages", clean=False)
    assert (body["from"], body["to"], body["data"]["text"]) == ("+14155551234", "+14155550100", "Hi")


def test_the_clean_form_leaves_older_spellings_out() -> None:
    body = bodies.build(content("message.delivered", MESSAGE), "messages", clean=True)
    assert set(body) == {"field", "sub_type", "event", "timestamp", "request_id", "payload", "meta"}


def test_a_template_event_has_no_sub_type() -> None:
    body = bodies.build(content("templates", {"status": "APPROVED"}), "templates", clean=False)
    assert set(body) == {"field", "timestamp", "request_id", "payload", "meta"}


def test_the_same_event_gives_the_same_bytes() -> None:
    one = content("message.delivered", MESSAGE)
    assert bodies.encode(one, "messages", clean=False) == bodies.encode(one, "messages", clean=False)
