"""Words that people write back: what a receiver hears of them, and in which order."""

import pytest

from harness import samples
from harness.receiver import Receiver
from harness.server import Account
from sent_server.delivery import keywords
from sent_server.delivery.keywords import Keyword


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", Keyword.STOP),
        ("  stop \n", Keyword.STOP),
        ("OptOut", Keyword.STOP),
        ("unstop", Keyword.START),
        ("info", Keyword.HELP),
        ("please stop", None),
        ("STOP!", None),
        ("", None),
    ],
)
def test_the_whole_trimmed_text_is_the_keyword(text: str, expected: Keyword | None) -> None:
    assert keywords.read(text) is expected


def test_a_consent_keyword_raises_its_own_event_after_it_took_effect(
    fresh_account: Account, receiver: Receiver
) -> None:
    http, phone = fresh_account.http, samples.phone()
    names = ["contact.opt_out", "contact.opt_in", "contact.help"]
    hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), *names)).data
    for number, text in enumerate((" stop ", "Start", "HELP", "hello"), start=1):
        assert http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": text}).status < 300
        receiver.wait(min(number, 3))
    contact = http.get("/v3/contacts", query={"phone": phone}).data["contacts"][0]
    told = [delivery.json for delivery in receiver.wait(3)]
    assert [(one["field"], one["event"], one["payload"]["keyword"]) for one in told] == [
        ("contact", "contact.opt_out", "STOP"),
        ("contact", "contact.opt_in", "START"),
        ("contact", "contact.help", "HELP"),
    ]
    assert told[0]["payload"] == {
        "account_id": fresh_account.customer_id,
        "contact_id": contact["id"],
        "message_id": told[0]["payload"]["message_id"],
        "inbound_number": phone,
        "outbound_number": http.get("/v3/me").data["channels"]["sms"]["phone_number"],
        "channel": "sms",
        "keyword": "STOP",
        "received_at": told[0]["timestamp"],
        "updated_at": told[0]["timestamp"],
    }
    assert http.get(f"/v3/messages/{told[0]['payload']['message_id']}").data["status"] == "RECEIVED"
    assert len(http.get(f"/v3/webhooks/{hook['id']}/events").data["events"]) == 3
