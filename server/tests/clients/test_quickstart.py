"""The way of a first user, and of the pages for frameworks: template, send, poll, verified webhook."""

import base64
import hashlib
import hmac
import json

from harness import samples
from harness.client import Client
from harness.messages import wait_for_status
from harness.receiver import Delivery, Receiver
from harness.server import Account, Server
from harness.waiting import wait_for


def _signature(secret: str, delivery: Delivery) -> str:
    """As a receiver computes it from the documents."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{delivery.headers['x-webhook-id']}.{delivery.headers['x-webhook-timestamp']}.".encode() + delivery.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_the_quickstart_request_works_as_written(server: Server) -> None:
    """Byte for byte what the quickstart's curl sends, with the printed key and a ready template filled in."""
    body = """{
    "to": ["+1234567890"],
    "template": {
      "id": "TEMPLATE_ID"
    },
    "channel": ["sms", "whatsapp"]
  }""".replace("TEMPLATE_ID", server.template_ids["welcome"])
    head = (
        f"POST /v3/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"
        f"x-api-key: {server.api_key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    answer = server.http.raw((head + body).encode())
    assert answer.startswith(b"HTTP/1.1 202 ")
    data = json.loads(answer.partition(b"\r\n\r\n")[2])["data"]
    assert [item["channel"] for item in data["recipients"]] == ["sms", "whatsapp"]
    for item in data["recipients"]:
        assert wait_for_status(server.http, item["message_id"])["status"] in ("DELIVERED", "READ")


def test_a_template_a_send_a_poll_and_a_verified_webhook(http: Client, receiver: Receiver) -> None:
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "messages", "templates")).data
    template = http.post("/v3/templates", samples.template("Dear {{0:variable}}, all is well.", "who")).data
    phone = samples.phone()
    reference = {"id": template["id"], "parameters": {"who": "Zoë ✓"}}
    sent = http.post("/v3/messages", {"to": [phone], "template": reference, "channel": ["sms"]}).data
    message = wait_for_status(http, sent["recipients"][0]["message_id"])
    assert message["status"] == "DELIVERED"
    assert message["message_body"]["content"] == "Dear Zoë ✓, all is well."
    assert (message["phone"], message["template_id"], message["channel"]) == (phone, template["id"], "sms")

    def mine() -> list[Delivery]:
        return [d for d in list(receiver.deliveries) if d.json["payload"].get("message_id") == message["id"]]

    told = lambda: {d.json["payload"]["message_status"] for d in mine()}  # noqa: E731
    wait_for(told, until=lambda statuses: "DELIVERED" in statuses, what="message.delivered")
    for delivery in mine():
        assert delivery.headers["x-webhook-signature"] == _signature(hook["signing_secret"], delivery)
        assert delivery.headers["x-webhook-id"] == hook["id"]
        assert delivery.headers["x-webhook-event-type"] == "messages"
        assert delivery.headers["content-type"].startswith("application/json")
        assert delivery.json["field"] == "messages"
        assert delivery.json["payload"]["account_id"] == message["customer_id"]
    assert http.delete(f"/v3/webhooks/{hook['id']}", {}).status == 204


def test_a_rotated_secret_signs_the_next_delivery(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "messages")).data
    secret = http.post(f"/v3/webhooks/{hook['id']}/rotate-secret", {}).data["signing_secret"]
    answer = http.post(f"/v3/webhooks/{hook['id']}/test", {"event_type": "message.delivered"})
    assert answer.data["success"] is True
    delivery = receiver.wait()[0]
    assert delivery.headers["x-webhook-signature"] == _signature(secret, delivery)
    assert delivery.headers["x-webhook-signature"] != _signature(hook["signing_secret"], delivery)
    http.delete(f"/v3/webhooks/{hook['id']}", {})


def test_the_profile_of_the_first_call_tells_account_and_channels(server: Server) -> None:
    me = server.http.get("/v3/me").data
    assert (me["type"], me["id"]) == ("organization", server.customer_id)
    assert set(me["channels"]) == {"sms", "whatsapp", "rcs"}
    assert set(server.sender_numbers) == {"sms", "whatsapp", "rcs"}


def test_every_ready_template_can_be_found(server: Server) -> None:
    assert len(server.template_ids) >= 5
    for name, template_id in server.template_ids.items():
        listed = server.http.get("/v3/templates", query={"search": name, "limit": 100}).data["templates"]
        assert template_id in {item["id"] for item in listed}, name
