"""What bodies contain: they fit the webhooks of contract/openapi-v3.json, and have a field exactly when it applies."""

import re
from typing import Any

import pytest

from harness import contract, samples
from harness.client import Client
from harness.receiver import Delivery, Receiver
from harness.server import Account
from harness.waiting import equal_to, wait_for
from sent_server.events import names
from sent_server.messages import announce

WEBHOOKS = "/v3/webhooks"
SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SCHEMAS = {
    "message": "messageStatus", "message.received": "messageReceived", "contact": "contactConsent",
    "templates": "templateStatus", "channel": "channelState",
}  # fmt: skip


def check(delivery: Delivery) -> dict[str, Any]:
    """The payload of a body that fits its schema and whose times are in UTC and whole seconds."""
    body = delivery.json
    name = body.get("event", body["field"])
    operation = SCHEMAS.get(name) or SCHEMAS[names.family_of(name)]
    described = contract.document()["webhooks"][operation]["post"]["requestBody"]["content"]["application/json"]
    contract.validator(described["schema"]).validate(body)
    payload: dict[str, Any] = body["payload"]
    assert SECONDS.fullmatch(body["timestamp"])
    assert all(SECONDS.fullmatch(value) for key, value in payload.items() if key.endswith("_at"))
    assert body["request_id"] == delivery.headers["x-webhook-event-id"]
    return payload


@pytest.fixture
def http(fresh_account: Account) -> Client:
    return fresh_account.http


def subscribe(http: Client, receiver: Receiver, *wanted: str) -> str:
    return str(http.post(WEBHOOKS, samples.webhook(receiver.url(), *wanted)).data["id"])


def send(http: Client, phone: str, channel: str, text: str = "Your table for {{0:variable}} is ready.") -> str:
    template = http.post("/v3/templates", samples.template(text, "guests", submit_for_review=channel == "rcs")).data[
        "id"
    ]
    path, wanted = f"/v3/templates/{template}", "APPROVED" if channel == "rcs" else "DRAFT"
    wait_for(lambda: http.get(path).data["status"], 20, until=equal_to(wanted))
    chosen = {"id": template, "parameters": {"guests": "four"}}
    sent = http.post("/v3/messages", {"to": [phone], "template": chosen, "channel": [channel]})
    assert sent.status == 202, sent.body
    return str(sent.data["recipients"][0]["message_id"])


def of(receiver: Receiver, name: str) -> list[Delivery]:
    return [one for one in list(receiver.deliveries) if one.json.get("event", one.json["field"]) == name]


def test_every_state_has_the_text_and_the_template(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "message")
    message_id = send(http, samples.phone(), "sms")
    wait_for(lambda: of(receiver, "message.delivered"), 20)
    payloads = [check(one) for one in receiver.wait(4, 10)]
    assert {one["message_status"] for one in payloads} == {"QUEUED", "ROUTED", "SENT", "DELIVERED"}
    for one in payloads:
        assert (one["message_id"], one["body"]) == (message_id, "Your table for four is ready.")
        assert one["template_id"]
        assert one["template_name"]
        assert not {"reason", "reason_code", "agent_id", "scheduled_at", "schedule_reason"} & set(one)


def test_an_automatic_choice_shows_the_text_of_its_first_channel(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "message.queued")
    send(http, samples.phone(), "sent")
    [queued] = receiver.wait(1, 15)
    assert (check(queued)["channel"], check(queued)["body"]) == ("sent", "Your table for four is ready.")


def test_a_failure_has_reason_and_code(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "message.failed")
    send(http, samples.magic_phone("03"), "sms")
    payload = check(receiver.wait(1, 20)[0])
    assert (payload["message_status"], payload["reason_code"]) == ("FAILED", "DELIVERY_003")
    assert payload["reason"] == (
        "SMS rejected the message (INVALID_NUMBER: The number does not exist). Correct the number; it does not exist."
    )
    assert payload["body"] == "Your table for four is ready."


def test_a_failure_before_any_channel_has_the_text_of_the_channel_that_was_asked_for(
    http: Client, receiver: Receiver
) -> None:
    subscribe(http, receiver, "message.failed")
    stopped, other = samples.phone(), samples.phone()
    contact = http.post("/v3/contacts", {"phone_number": stopped}).data["id"]
    http.patch(f"/v3/contacts/{contact}", {"opt_out": True})
    template = http.post("/v3/templates", samples.template("Hello")).data["id"]
    body = {"to": [stopped, other], "template": {"id": template}, "channel": ["sms"]}
    assert http.post("/v3/messages", body).status == 202
    payload = check(receiver.wait(1, 20)[0])
    assert (payload["inbound_number"], payload["body"]) == (stopped, "Hello")
    assert payload["reason_code"] == "BUSINESS_004"


def test_the_agent_of_rcs_is_named(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "message.sent", "message.received", "contact")
    phone = samples.phone()
    assert http.put(f"/sim/phones/{phone}", {"rcs": True}).status == 200
    send(http, phone, "rcs")
    payload = check(receiver.wait(1, 20)[0])
    assert payload["channel"] == "rcs"
    assert payload["agent_id"] == payload["outbound_number"]
    http.post(f"/sim/phones/{phone}/messages", {"channel": "rcs", "text": "HELP"})
    [got] = wait_for(lambda: of(receiver, "contact.help"), 20)
    assert check(got)["agent_id"] == payload["agent_id"]


@pytest.mark.parametrize(("text", "name", "opted_out"), [
    ("STOP", "contact.opt_out", True),
    ("Start", "contact.opt_in", False),
    ("help", "contact.help", False),
])  # fmt: skip
def test_a_keyword_names_contact_own_number_and_state(
    http: Client, receiver: Receiver, text: str, name: str, opted_out: bool
) -> None:
    subscribe(http, receiver, "*")
    phone = samples.phone()
    http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": text})
    [got] = wait_for(lambda: of(receiver, name), 20)
    [received] = wait_for(lambda: of(receiver, "message.received"), 20)
    payload, message = check(got), check(received)
    expected = {
        "from": phone, "to": message["to"], "opt_out": opted_out, "source": "INBOUND_KEYWORD", "channel": "sms",
        "message_id": message["message_id"], "template_id": None, "text": text, "keyword": text.upper(),
    }  # fmt: skip
    assert {key: payload[key] for key in expected} == expected
    assert (message["from"], message["inbound_number"], message["outbound_number"]) == (phone, phone, payload["to"])
    assert message["received_at"] == message["updated_at"]
    assert not {"media", "referral", "agent_id"} & {*payload, *message}


def test_a_request_for_help_tells_the_state_of_a_contact_that_has_opted_out(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "contact")
    phone = samples.phone()
    http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "STOP"})
    receiver.wait(1, 20)
    http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "HELP"})
    [got] = wait_for(lambda: of(receiver, "contact.help"), 20)
    assert check(got)["opt_out"] is True


def test_a_stop_that_the_carrier_reports_is_a_signal_of_the_provider(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "contact", "message.failed")
    fault = {"channel": "sms", "kind": "failed", "probability": 1, "error_code": "STOPPED_AT_CARRIER"}
    assert http.put("/sim/faults", {"faults": [fault]}).status == 200
    phone = samples.phone()
    message_id = send(http, phone, "sms")
    [got] = wait_for(lambda: of(receiver, "contact.opt_out"), 20)
    payload = check(got)
    [contact] = http.get("/v3/contacts", query={"phone": phone}).data["contacts"]
    assert contact["opt_out"] is True
    assert (payload["contact_id"], payload["message_id"]) == (contact["id"], message_id)
    assert (payload["from"], payload["opt_out"], payload["source"]) == (phone, True, "PROVIDER_SIGNAL")
    assert (payload["text"], payload.get("keyword")) == (None, None)
    assert payload["template_id"] == http.get(f"/v3/messages/{message_id}").data["template_id"]
    [failed] = wait_for(lambda: of(receiver, "message.failed"), 20)
    assert check(failed)["outbound_number"] == payload["to"]


def test_a_review_fits_the_contract(http: Client, receiver: Receiver) -> None:
    subscribe(http, receiver, "templates")
    http.post("/v3/templates", samples.template(submit_for_review=True))
    payload = check(receiver.wait(1, 20)[0])
    assert payload["status"] == "APPROVED"


def test_every_sample_event_fits_the_contract(http: Client, receiver: Receiver) -> None:
    hook = subscribe(http, receiver, "*")
    for name in ("templates", *(one for found in names.SUB_TYPES.values() for one in found)):
        if names.family_of(name) == "channel" and "channelState" not in contract.document()["webhooks"]:
            continue
        assert http.post(f"{WEBHOOKS}/{hook}/test", {"event_type": name}).data["success"] is True
        payload = check(receiver.deliveries[-1])
        assert receiver.deliveries[-1].json.get("event", "templates") == name
        assert ("reason_code" in payload) is (name.partition(".")[2] in ("failed", "filtered", "blocked"))
        assert ("scheduled_at" in payload) is (name in ("message.scheduled", "message.cancelled"))
        assert ("schedule_reason" in payload) is (name == "message.scheduled")


def test_a_long_text_is_cut_and_a_text_without_a_template_has_no_name() -> None:
    def payload(**values: Any) -> dict[str, Any]:
        given = {
            "customer_id": "a", "message_id": "m", "status": "SENT", "channel": "sms", "phone": "+1", "sender": "+2",
            "template_id": None, "template_name": None, "text": "x", "callback_url": None, "reason": None,
            "reason_code": None, "at_ms": 0,
        }  # fmt: skip
        return dict(announce.status_event(**{**given, **values}).payload)

    long = "\N{PARTY POPPER}" * announce.MAX_BODY
    assert payload(text=long + "more")["body"] == long
    assert payload(text=None)["body"] is None
    assert payload()["template_id"] is None
    assert "template_name" not in payload()
    assert "agent_id" not in payload(channel="rcs", sender=None)
