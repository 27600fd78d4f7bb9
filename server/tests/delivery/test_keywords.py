"""Words that people write back: what a receiver hears of them, and in which order."""

import pytest

from harness import samples
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import wait_for
from sent_server.delivery import keywords
from sent_server.delivery.keywords import Keyword, Phrase


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
    heard = keywords.read(text)
    assert (heard and heard.keyword) is expected


NEWS = Phrase(Keyword.STOP, "NO MORE, enough,,STOP", "We stop.")
DEALS = Phrase(Keyword.START, "YES", None)


@pytest.mark.parametrize(
    ("text", "phrases", "expected"),
    [
        (" Enough ", [NEWS, DEALS], (Keyword.STOP, "We stop.", True)),
        ("no more", [NEWS], (Keyword.STOP, "We stop.", True)),
        ("no  more", [NEWS], None),
        ("", [NEWS], None),
        ("yes", [Phrase(Keyword.START, "yes", "Hi!")], (Keyword.START, "Hi!", True)),
        # The usual words keep their meaning, and may have another answer.
        ("stop", [NEWS], (Keyword.STOP, "We stop.", False)),
        ("stop", [Phrase(Keyword.HELP, "STOP", "Help!"), NEWS], (Keyword.STOP, "We stop.", False)),
        ("quit", [Phrase(Keyword.STOP, None, " "), NEWS], (Keyword.STOP, "We stop.", False)),
        # A word with two meanings opts out.
        ("yes", [DEALS, Phrase(Keyword.STOP, "yes", "Bye.")], (Keyword.STOP, "Bye.", True)),
        # The answer of the campaign that has the word, then of the oldest.
        ("bye", [NEWS, Phrase(Keyword.STOP, "BYE", "Bye!")], (Keyword.STOP, "Bye!", True)),
        ("bye", [NEWS, Phrase(Keyword.STOP, "BYE", None)], (Keyword.STOP, "We stop.", True)),
    ],
)
def test_a_campaign_adds_words_and_says_the_answers(
    text: str, phrases: list[Phrase], expected: tuple[Keyword, str, bool] | None
) -> None:
    heard = keywords.read(text, phrases)
    assert (heard and (heard.keyword, heard.reply, heard.is_custom)) == expected


def test_a_campaigns_word_opts_out_is_answered_in_its_words_and_raises_both_events(
    server: Server, fresh_account: Account, receiver: Receiver
) -> None:
    """For the organization, and for a profile with a number of its own that inherits the campaign."""
    http = fresh_account.http
    brand_id = http.post("/v3/brands", samples.brand()).data["id"]
    words = {"optoutKeywords": "ENOUGH, basta", "optoutMessage": "Acme: you will hear no more from us."}
    assert http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign(**words)).status == 201
    waba = {"waba_id": "1", "access_token": "t"}
    body = {"name": "Heir", "billing_model": "organization", "whatsapp_business_account": waba}
    heir = http.post("/v3/profiles", body).data["id"]
    scoped = server.client(fresh_account.api_key, x_profile_id=heir)
    for caller, channel in ((http, "sms"), (scoped, "whatsapp")):
        phone, path = samples.phone(), f"/{channel}"
        names = ["contact.opt_out", "contact.custom_keyword"]
        assert caller.post("/v3/webhooks", samples.webhook(receiver.url(path), *names)).status == 201
        said = f"/sim/phones/{phone}/messages"
        assert caller.post(said, {"channel": channel, "text": "Basta"}).status == 202
        told = [delivery.json for delivery in receiver.wait(2, 20, path=path)]
        assert {one["event"] for one in told} == set(names)
        assert {(one["payload"]["keyword"], one["payload"]["inbound_number"]) for one in told} == {("BASTA", phone)}
        contact = caller.get("/v3/contacts", query={"phone": phone}).data["contacts"][0]
        assert contact["opt_out"] is True
        wait_for(lambda: words["optoutMessage"] in caller.get(said).body.decode(), 20, what="the answer")  # noqa: B023


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
