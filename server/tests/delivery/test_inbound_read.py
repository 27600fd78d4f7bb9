"""A message that somebody wrote to us can be read back, by its account only."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server


def received(http: Client, channel: str = "sms", text: str = "Where is my order?\n\U0001f4e6") -> dict[str, Any]:
    """The payload of the event that tells of it."""
    with Receiver() as receiver:
        http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.received"))
        assert http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": channel, "text": text}).status < 300
        payload: dict[str, Any] = receiver.wait(1, 15)[0].json["payload"]
        return payload


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_an_inbound_message_is_read_by_the_id_of_its_event(fresh_account: Account, channel: str) -> None:
    http = fresh_account.http
    told = received(http, channel)
    answer = http.get(f"/v3/messages/{told['message_id']}")
    assert answer.status == 200
    shown = answer.data
    contact = http.get(f"/v3/contacts?phone=%2B{told['from'][1:]}").data["contacts"][0]
    assert {name: shown[name] for name in ("id", "status", "phone", "channel", "contact_id", "customer_id")} == {
        "id": told["message_id"],
        "status": "RECEIVED",
        "phone": told["from"],
        "channel": channel,
        "contact_id": contact["id"],
        "customer_id": fresh_account.customer_id,
    }
    others = ("header", "footer", "buttons", "headerMedia", "media", "subject")
    assert shown["message_body"] == {**dict.fromkeys(others), "content": told["text"]}
    for name in ("template_id", "template_name", "template_category", "price", "active_contact_price"):
        assert shown[name] is None
    assert [event["status"] for event in shown["events"]] == ["RECEIVED"]


def test_its_activities_are_one(fresh_account: Account) -> None:
    http = fresh_account.http
    message_id = received(http)["message_id"]
    answer = http.get(f"/v3/messages/{message_id}/activities")
    assert answer.status == 200
    [activity] = answer.data["activities"]
    assert (activity["status"], activity["price"], activity["active_contact_price"]) == ("RECEIVED", None, None)


def test_no_other_account_reads_it(server: Server, fresh_account: Account) -> None:
    message_id = received(fresh_account.http)["message_id"]
    other = server.create_account()
    profile = server.create_profile(fresh_account.customer_id)
    for http in (other.http, profile.http):
        for path in (f"/v3/messages/{message_id}", f"/v3/messages/{message_id}/activities"):
            answer = http.get(path)
            assert (answer.status, answer.code) == (404, "RESOURCE_003")
    assert fresh_account.http.acting_as(None).get(f"/v3/messages/{message_id}").status == 401
