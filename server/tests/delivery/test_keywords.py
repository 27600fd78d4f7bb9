"""Words that people write back: which texts are keywords, what a receiver hears of them, and in which order."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import at_least, wait_for
from sent_server.delivery import keywords
from sent_server.delivery.keywords import Keyword, KeywordMatch, KeywordSet

STOPS = [
    "STOP",
    "stopall",
    "Cancel",
    "unsubscribe",
    "QUIT",
    "end",
    "Revoke",
    "OptOut",
    "opt out",
    "OPT-OUT",
    "STOP ALL",
    "Stop-all.",
    "un-subscribe",
]
STARTS, HELPS = ["START", "unstop", "Subscribe"], ["help", "INFO"]
USUAL = {
    **dict.fromkeys(STOPS, Keyword.STOP),
    **dict.fromkeys(STARTS, Keyword.START),
    **dict.fromkeys(HELPS, Keyword.HELP),
}
# What phones, keyboards and messengers put around and into a word.
AROUND = st.text(
    alphabet=" \n\t\u00a0\u3000.!?,;:\u2026()[]*_~-\u2014\u00a1\u3002"
    "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e\u300c\u300d"
    "\U0001f64f\U0001f44d\U0001f3fd\u2764\ufe0f\u200b\u200d\u200e\u202e\u202c\u2060\ufeff\u00ad",
    max_size=12,
)
UNSEEN = st.text(alphabet="\u200b\u200c\u200d\u200e\u202e\u202c\u2060\ufeff\u00ad\ufe0f\u034f", max_size=3)
OTHER = st.text(alphabet="abcxyz\u00e9\u0436\u505c0123456789", min_size=1, max_size=10)


def read(text: str, sets: list[KeywordSet] | None = None) -> KeywordMatch | None:
    word = keywords.word_of(text)
    return None if word is None else keywords.match(word, sets or [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *USUAL.items(),
        ("  stop \n", Keyword.STOP),
        ("STOP.", Keyword.STOP),
        ("Stop!", Keyword.STOP),
        ("stop...", Keyword.STOP),
        ("'stop'", Keyword.STOP),
        ('"STOP"', Keyword.STOP),
        ("\u201eStop\u201c", Keyword.STOP),
        ("stop \U0001f64f", Keyword.STOP),
        ("OPT\u2011OUT.", Keyword.STOP),
        ("qu\u0131t", Keyword.STOP),
        ("UNSUBSCR\u0130BE", Keyword.STOP),
        ("START.", Keyword.START),
        ("Un-stop", Keyword.START),
        ("Help!", Keyword.HELP),
        ("\u0130NFO", Keyword.HELP),
        ("please stop", None),
        ("please stop sending on Sunday", None),
        ("stop by later", None),
        ("Stop. Thank you", None),
        ("stop stop", None),
        ("stop it!", None),
        ("stop, start", None),
        ("I want to opt out", None),
        ("opt", None),
        ("out", None),
        ("nonstop", None),
        ("stop2", None),
        ("\u200b", None),
        ("...", None),
        ("\U0001f6d1", None),  # a stop sign is not the word
        ("", None),
        ("stop" * 300, None),
    ],
)
def test_the_whole_text_in_its_normal_form_is_the_keyword(text: str, expected: Keyword | None) -> None:
    found = read(text)
    assert (found and found.keyword) is expected


@given(st.sampled_from(sorted(USUAL)), AROUND, AROUND, UNSEEN, st.integers(0, 12))
def test_decorating_a_keyword_keeps_its_meaning(word: str, before: str, after: str, unseen: str, place: int) -> None:
    found = read(before + word[:place] + unseen + word[place:] + after)
    assert found is not None
    assert found.keyword is USUAL[word]


@given(
    st.sampled_from(sorted(USUAL)),
    OTHER,
    st.booleans(),
    st.sampled_from([" ", ", ", ". ", "\n", "! ", " - ", " \U0001f64f "]),
)
def test_a_keyword_and_any_other_word_are_no_keyword(word: str, other: str, first: bool, between: str) -> None:
    assert read(f"{other}{between}{word}" if first else f"{word}{between}{other}") is None


@given(
    st.lists(
        st.sampled_from(["BASTA", "arr\u00eat", "\u505c\u6b62", "no mas", "\u0130PTAL", "TD"]), min_size=1, unique=True
    ),
    st.sampled_from([",", ";", "\uff0c", "\u3001", "\uff1b", "\u060c", "\n", "\r\n", ", ", " ; "]),
    st.sampled_from(["NFC", "NFD"]),
    st.sampled_from(["NFC", "NFD"]),
)
def test_a_campaigns_list_is_read_however_it_is_written(
    words: list[str], separator: str, kept: Any, typed: Any
) -> None:
    campaign = KeywordSet(Keyword.STOP, unicodedata.normalize(kept, separator.join(words)), "Bye.")
    for word in words:
        for text in (word, word.lower(), word.upper(), f'"{word}".'):
            found = read(unicodedata.normalize(typed, text), [campaign])
            assert found is not None, text
            assert (found.keyword, found.reply, found.is_custom) == (Keyword.STOP, "Bye.", True)


NEWS = KeywordSet(Keyword.STOP, "NO MORE, enough,,STOP", "We stop.")
DEALS = KeywordSet(Keyword.START, "YES", None)


@pytest.mark.parametrize(
    ("text", "sets", "expected"),
    [
        (" Enough ", [NEWS, DEALS], (Keyword.STOP, "We stop.", True)),
        ("no more", [NEWS], (Keyword.STOP, "We stop.", True)),
        ("no  more!", [NEWS], (Keyword.STOP, "We stop.", True)),
        ("", [NEWS], None),
        ("yes", [KeywordSet(Keyword.START, "yes", "Hi!")], (Keyword.START, "Hi!", True)),
        # The usual words keep their meaning, and may have another answer.
        ("stop", [NEWS], (Keyword.STOP, "We stop.", False)),
        ("stop", [KeywordSet(Keyword.HELP, "STOP", "Help!"), NEWS], (Keyword.STOP, "We stop.", False)),
        ("quit", [KeywordSet(Keyword.STOP, None, " \u200b"), NEWS], (Keyword.STOP, "We stop.", False)),
        # A word with two meanings opts out.
        ("yes", [DEALS, KeywordSet(Keyword.STOP, "yes", "Bye.")], (Keyword.STOP, "Bye.", True)),
        # The answer of the campaign that has the word, then of the oldest.
        ("bye", [NEWS, KeywordSet(Keyword.STOP, "BYE", "Bye!")], (Keyword.STOP, "Bye!", True)),
        ("bye", [NEWS, KeywordSet(Keyword.STOP, "BYE", None)], (Keyword.STOP, "We stop.", True)),
    ],
)
def test_a_campaign_adds_words_and_says_the_answers(
    text: str, sets: list[KeywordSet], expected: tuple[Keyword, str, bool] | None
) -> None:
    found = read(text, sets)
    assert (found and (found.keyword, found.reply, found.is_custom)) == expected


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
    own_number = http.get("/v3/me").data["channels"]["sms"]["phone_number"]
    assert told[0]["payload"] == {
        "account_id": fresh_account.customer_id,
        "contact_id": contact["id"],
        "message_id": told[0]["payload"]["message_id"],
        "inbound_number": phone,
        "outbound_number": own_number,
        "from": phone,
        "to": own_number,
        "opt_out": True,
        "source": "INBOUND_KEYWORD",
        "template_id": None,
        "text": " stop ",
        "channel": "sms",
        "keyword": "STOP",
        "received_at": told[0]["timestamp"],
        "updated_at": told[0]["timestamp"],
    }
    assert http.get(f"/v3/messages/{told[0]['payload']['message_id']}").data["status"] == "RECEIVED"
    assert len(http.get(f"/v3/webhooks/{hook['id']}/events").data["events"]) == 3


def write(http: Client, phone: str, text: str, channel: str = "sms") -> None:
    assert http.post(f"/sim/phones/{phone}/messages", {"channel": channel, "text": text}).status == 202


def received(http: Client, phone: str) -> list[str]:
    """What the phone got, oldest first."""
    found = http.get(f"/sim/phones/{phone}/messages").data["messages"]
    return [message["text"] for message in reversed(found) if message["direction"] == "to_phone"]


def is_opted_out(http: Client, phone: str) -> bool | None:
    """None before the number is a contact."""
    found = http.get("/v3/contacts", query={"phone": phone})
    return found.data["contacts"][0]["opt_out"] if found.status == 200 else None


def test_the_spellings_of_a_rule_and_of_phones_opt_out_and_in_again(fresh_account: Account) -> None:
    http = fresh_account.http
    texts = [
        "opt out",
        "OPT-OUT",
        "STOP.",
        "Stop!",
        "'stop'",
        '"STOP"',
        "\u201cStop\u201d",
        "stop \U0001f64f",
        "st\u200bop",
        "\uff33top",
    ]
    phones = {text: samples.phone() for text in texts}
    for text, phone in phones.items():
        write(http, phone, text)
    for text, phone in phones.items():
        wait_for(lambda: is_opted_out(http, phone), 20, what=f"the opt-out by {text!r}")  # noqa: B023
        wait_for(lambda: received(http, phone), 20, until=at_least(1), what="its confirmation")  # noqa: B023
        write(http, phone, "START.")
    for phone in phones.values():
        wait_for(lambda: is_opted_out(http, phone) is False, 20, what="the opt-in")  # noqa: B023
        wait_for(lambda: received(http, phone), 20, until=at_least(2), what="its confirmation")  # noqa: B023
        assert received(http, phone)[1].startswith("You are subscribed again.")


def test_a_word_in_a_sentence_opts_nobody_out(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    for text in ("please stop sending on Sunday", "stop by later", "Stop. Thank you"):
        write(http, phone, text)
    write(http, phone, "Help!")  # messages are taken in order; the answer shows that the others were read
    wait_for(lambda: received(http, phone), 20, until=at_least(1), what="the answer to Help!")
    assert is_opted_out(http, phone) is False


def test_who_never_opted_out_is_not_subscribed_again(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    write(http, phone, "Start")
    wait_for(lambda: received(http, phone), 20, what="the answer")
    assert received(http, phone) == ["You are subscribed. Reply STOP to unsubscribe, HELP for help."]


def test_start_to_a_profile_does_not_promise_what_its_organization_may_not_do(
    server: Server, fresh_account: Account
) -> None:
    """START lifts what was said to the same one; who also wrote STOP to the organization is not subscribed by it."""
    http, phone = fresh_account.http, samples.phone()
    waba = {"waba_id": "1", "access_token": "t"}
    body = {"name": "Heir", "billing_model": "organization", "whatsapp_business_account": waba}
    heir = server.client(fresh_account.api_key, x_profile_id=http.post("/v3/profiles", body).data["id"])
    send = {"to": [phone], "template": {"id": http.post("/v3/templates", samples.template()).data["id"]}}
    for caller, channel in ((http, "sms"), (heir, "whatsapp")):
        write(caller, phone, "STOP", channel)
        wait_for(lambda: received(caller, phone), 20, until=at_least(1), what="the confirmation")  # noqa: B023
    write(heir, phone, "START", "whatsapp")
    wait_for(lambda: received(heir, phone), 20, until=at_least(2), what="the answer")
    assert received(heir, phone)[1].startswith("You are still unsubscribed")
    assert heir.post("/v3/messages", send).code == "BUSINESS_004"
    write(http, phone, "START")
    wait_for(lambda: received(http, phone), 20, until=at_least(2), what="the answer")
    assert received(http, phone)[1].startswith("You are subscribed again.")
    assert heir.post("/v3/messages", send).status == 202
    write(heir, phone, "START", "whatsapp")
    wait_for(lambda: any(text.startswith("You are subscribed.") for text in received(heir, phone)), 20)


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ("ARRET, ARR\u00caT,\u0130PTAL, BASTA;FIN", ["arre\u0302t", "basta", "iptal", "Fin!"]),
        ("\u505c\u6b62\uff0cTD", ["TD", "\u505c\u6b62\u3002"]),
    ],
)
def test_a_campaigns_words_are_understood_in_any_spelling(fresh_account: Account, words: str, typed: list[str]) -> None:
    http = fresh_account.http
    brand_id = http.post("/v3/brands", samples.brand()).data["id"]
    assert http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign(optoutKeywords=words)).status == 201
    for text in typed:
        phone = samples.phone()
        write(http, phone, text)
        wait_for(lambda: is_opted_out(http, phone), 20, what=f"the opt-out by {text!r}")  # noqa: B023
