"""Texts without a template: what is accepted, what it costs, where it goes, and when WhatsApp takes it."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client, Response
from harness.messages import history, wait_for_status
from harness.receiver import Receiver
from harness.server import Account, OwnServer, Server
from harness.waiting import at_least, wait_for

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WINDOW = "The contact has not written here within the last 24 hours"
SMS = 0.0083


def send(http: Client, phone: str | list[str], text: Any = "Your table is ready.", **fields: Any) -> Response:
    to = [phone] if isinstance(phone, str) else phone
    return http.post("/v3/messages", {"to": to, "text": text, **fields})


def ids(answer: Response) -> list[str]:
    assert answer.status == 202, answer.body
    return [one["message_id"] for one in answer.data["recipients"]]


def hear(http: Client, phone: str, text: str = "Hello?", channel: str = "whatsapp") -> None:
    """The person writes; returns when the message is stored."""
    path = f"/sim/phones/{phone}/messages"
    with Receiver() as receiver:
        hook = http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.received")).data["id"]
        assert http.post(path, {"channel": channel, "text": text}).status == 202
        receiver.wait(1, 20)
        assert http.delete(f"/v3/webhooks/{hook}").status == 204


@pytest.mark.parametrize("channel", ["sms", "rcs"])
def test_a_text_goes_out_as_it_is(fresh_account: Account, channel: str) -> None:
    http = fresh_account.http
    # The numbers ending in 14 have RCS. Their SMS behaves as any other.
    phone = "+14155550114"
    text = "Your {{0:variable}} is *ready* \U0001f4e6\n{{name}}"
    answer = send(http, phone, text, channel=[channel])
    assert answer.status == 202
    price = 2 * SMS if channel == "rcs" else SMS
    data = answer.data
    assert (data["template_id"], data["template_name"], data["status"]) == (None, None, "QUEUED")
    [recipient] = data["recipients"]
    assert (recipient["to"], recipient["channel"], recipient["body"]) == (phone, channel, text)
    [mirrored] = data["messages"]
    assert mirrored["price"] == (price if channel == "sms" else 0.01)
    found = wait_for_status(http, recipient["message_id"])
    assert found["status"] in ("DELIVERED", "READ"), history(http, found["id"])
    assert found["message_body"]["content"] == text
    assert [found[name] for name in ("template_id", "template_name", "template_category")] == [None] * 3
    assert (found["channel"], found["price"], found["direction"]) == (channel, mirrored["price"], "outbound")
    assert found["conversation_id"] == found["contact_id"]
    assert not {"reason", "reason_code", "scheduled_at"} & found.keys()
    got = http.get(f"/sim/phones/{phone}/messages").data["messages"]
    assert [one["text"] for one in got if one["message_id"] == found["id"]] == [text]


def test_a_text_is_priced_by_its_segments(fresh_account: Account) -> None:
    http = fresh_account.http
    for text, segments in (("a" * 160, 1), ("a" * 161, 2), ("ü" * 160, 1), ("\u4e2d" * 71, 2), ("a" * 1_530, 10)):
        answer = send(http, samples.phone(), text, channel=["sms"])
        assert answer.data["messages"][0]["price"] == pytest.approx(segments * SMS), answer.body


def test_an_automatic_choice_shows_no_text_before_there_is_a_channel(fresh_account: Account) -> None:
    http = fresh_account.http
    answer = send(http, samples.phone())
    assert (answer.data["recipients"][0]["channel"], answer.data["recipients"][0]["body"]) == (None, None)
    found = wait_for_status(http, ids(answer)[0])
    assert (found["status"], found["channel"]) == ("DELIVERED", "sms")


def test_the_older_form_takes_a_text(fresh_account: Account) -> None:
    http = fresh_account.http
    body = {"phone_number": samples.phone(), "text": "Hello", "channel": "sms"}
    answer = http.post("/v3/messages", body)
    assert answer.data["recipients"][0]["body"] == "Hello"
    assert wait_for_status(http, ids(answer)[0])["status"] == "DELIVERED"


BOTH = "Exactly one of 'template' and 'text' is allowed"


@pytest.mark.parametrize(
    ("fields", "code", "place", "message"),
    [
        ({"text": "Hi", "template": {"name": "welcome"}}, "VALIDATION_001", "text", BOTH),
        ({"text": "Hi", "template": {"parameters": {"a": "1"}}}, "VALIDATION_001", "text", BOTH),
        ({"text": "Hi", "template_id": samples.UNKNOWN_ID}, "VALIDATION_001", "text", BOTH),
        ({"text": "Hi", "variables": {"a": "1"}}, "VALIDATION_001", "text", BOTH),
        ({"text": " ", "template": {"name": "welcome"}}, "VALIDATION_001", "text", BOTH),
        ({}, "VALIDATION_004", "template", "'template' is required"),
        ({"text": ""}, "VALIDATION_004", "template", "'template' is required"),
        ({"text": None}, "VALIDATION_004", "template", "'template' is required"),
        ({"text": " \n\u200b"}, "VALIDATION_001", "text", "The text must not be blank"),
        ({"text": 7}, "VALIDATION_001", "text", "Expected a string"),
        ({"text": ["Hi"]}, "VALIDATION_001", "text", "Expected a string"),
        ({"text": "a" * 4_097}, "VALIDATION_005", "text", "The text must have at most 4,096 characters; it has 4,097"),
        (
            {"text": "a" * 3_073, "channel": ["rcs"]},
            "VALIDATION_005",
            "text",
            "the text on RCS has 3,073 characters, at most 3,072 are allowed",
        ),
        (
            {"text": "a" * 1_531, "channel": ["sms"]},
            "VALIDATION_005",
            "text",
            "the text on SMS has 1,531 characters and takes at least 11 segments, at most 10 are allowed",
        ),
        ({"text": "Hi", "channel": ["fax"]}, "VALIDATION_006", "channel", None),
        (
            {"text": "Hi", "send_at": "2030-01-01T00:00:00Z"},
            "VALIDATION_001",
            "send_at",
            "Not supported by this server",
        ),
    ],
)
def test_what_is_refused_and_how(http: Client, fields: dict[str, Any], code: str, place: str, message: str) -> None:
    answer = http.post("/v3/messages", {"to": [samples.phone()], **fields})
    assert (answer.status, answer.code) == (400, code), answer.body
    assert list(answer.details) == [place]
    assert message is None or answer.details[place] == [message]


@pytest.mark.parametrize(
    "beside",
    [
        {"template": None},
        {"template": {}},
        {"template": {"id": "", "name": "", "parameters": {}}},
        {"template_id": None, "variables": None},
        {"template_id": "", "variables": {}},
        {"template_id": "", "variables": []},
        {"channel": [], "channels": {}, "media_urls": [], "subject": "", "scheduled_at": None},
    ],
)
def test_a_template_that_typed_clients_leave_empty_is_no_second_content(http: Client, beside: dict[str, Any]) -> None:
    assert send(http, samples.phone(), **beside).status == 202


def test_an_empty_text_beside_a_template_is_absent(http: Client) -> None:
    answer = send(http, samples.phone(), "", template={"name": "welcome"})
    assert (answer.status, answer.data["template_name"]) == (202, "welcome")


def test_a_text_that_is_too_long_for_rcs_and_sms_takes_neither(fresh_account: Account) -> None:
    http = fresh_account.http
    phone = samples.magic_phone("14")
    (message_id,) = ids(send(http, phone, "a" * 3_073))
    found = wait_for_status(http, message_id)
    assert (found["status"], found["reason_code"], found["price"]) == ("BLOCKED", "VALIDATION_004", None)
    hear(http, phone)
    (message_id,) = ids(send(http, phone, "a" * 3_073))
    assert wait_for_status(http, message_id)["channel"] == "whatsapp"


def test_whatsapp_takes_a_text_only_within_its_window(own_server: OwnServer, receiver: Receiver) -> None:
    http = own_server().http
    http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.blocked"))
    phone = samples.phone()

    (message_id,) = ids(send(http, phone, "First", channel=["whatsapp"]))
    blocked = wait_for_status(http, message_id)
    assert (blocked["status"], blocked["reason_code"], blocked["price"]) == ("BLOCKED", "BUSINESS_007", None)
    assert blocked["reason"].startswith(WINDOW)
    assert (blocked["message_body"]["content"], blocked["channel"]) == ("First", "whatsapp")
    assert [event.get("reason_code") for event in blocked["events"]] == [None, "BUSINESS_007"]
    newest = http.get(f"/v3/messages/{message_id}/activities").data["activities"][0]
    assert (newest["status"], newest["reason_code"], newest["reason"]) == ("BLOCKED", "BUSINESS_007", blocked["reason"])
    [delivery] = receiver.wait(1, 20)
    payload = delivery.json["payload"]
    assert delivery.json["event"] == "message.blocked"
    assert (payload["message_status"], payload["reason_code"], payload["reason"], payload["body"]) == (
        "BLOCKED", "BUSINESS_007", blocked["reason"], "First",
    )  # fmt: skip
    assert payload["template_id"] is None
    assert "template_name" not in payload

    hear(http, phone, channel="sms")
    (message_id,) = ids(send(http, phone, channel=["whatsapp"]))
    assert wait_for_status(http, message_id)["status"] == "BLOCKED", "a message on another channel opens no window"

    hear(http, phone)
    for channels, shown in ((["whatsapp"], "whatsapp"), (["sent"], None)):
        answer = send(http, phone, channel=channels)
        assert answer.data["messages"][0]["channel"] == shown
        found = wait_for_status(http, ids(answer)[0], "READ")
        assert (found["channel"], found["price"]) == ("whatsapp", 0)

    http.post("/sim/clock", {"advance_ms": DAY_MS - 60_000})
    wait_for_status(http, ids(send(http, phone, channel=["whatsapp"]))[0], "READ")
    http.post("/sim/clock", {"advance_ms": 120_000})
    assert wait_for_status(http, ids(send(http, phone, channel=["whatsapp"]))[0])["status"] == "BLOCKED"
    automatic = wait_for_status(http, ids(send(http, phone))[0])
    assert (automatic["status"], automatic["channel"]) == ("DELIVERED", "sms"), "our own texts keep no window open"
    template = http.post("/v3/messages", {"to": [phone], "template": {"name": "welcome"}, "channel": ["whatsapp"]})
    wait_for_status(http, ids(template)[0], "READ")  # a template needs no window


def test_a_window_is_of_one_account(server: Server, fresh_account: Account) -> None:
    profile = server.create_profile(fresh_account.customer_id)
    other = server.create_account()
    phone = samples.phone()
    hear(fresh_account.http, phone)
    for http, wanted in ((fresh_account.http, "READ"), (profile.http, "BLOCKED"), (other.http, "BLOCKED")):
        (message_id,) = ids(send(http, phone, channel=["whatsapp"]))
        wait_for_status(http, message_id, wanted)


def test_who_opted_out_is_filtered_and_alone_refuses_the_request(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.filtered"))
    gone, here = samples.phone(), samples.phone()
    hear(http, gone, "STOP")
    alone = send(http, gone)
    assert (alone.status, alone.code) == (422, "BUSINESS_004")
    filtered, delivered = (wait_for_status(http, one) for one in ids(send(http, [gone, here])))
    assert (filtered["status"], filtered["reason_code"], filtered["price"]) == ("FILTERED", "BUSINESS_004", None)
    assert filtered["reason"] == (
        "The contact has opted out. The recipient has opted out; only they can undo it, by writing START."
    )
    assert filtered["events"][-1]["description"] == "ERR_CONSENT_BLOCKED: the contact has opted out"
    assert delivered["status"] == "DELIVERED"
    [delivery] = receiver.wait(1, 20)
    assert (delivery.json["event"], delivery.json["payload"]["message_id"]) == ("message.filtered", filtered["id"])
    template = http.post("/v3/messages", {"to": [gone, here], "template": {"name": "missing"}})
    assert template.status == 404


def test_a_template_send_keeps_failed_unless_the_operator_wants_the_newer_words(own_server: OwnServer) -> None:
    for env, wanted in ({}, "FAILED"), ({"SENT_REFUSED_AS": "newer"}, "FILTERED"):
        http = own_server(env=env).http
        gone, here = samples.phone(), samples.phone()
        hear(http, gone, "STOP", "sms")
        answer = http.post("/v3/messages", {"to": [gone, here], "template": {"name": "welcome"}, "channel": ["sms"]})
        found = wait_for_status(http, ids(answer)[0])
        assert (found["status"], found["reason_code"]) == (wanted, "BUSINESS_004")
        assert found["events"][-1]["description"] == "ERR_CONSENT_BLOCKED: the contact has opted out"


def test_an_unknown_word_for_refusals_stops_the_start(own_server: OwnServer) -> None:
    with pytest.raises(AssertionError, match=r"SENT_REFUSED_AS='newest' must be one of: older, newer"):
        own_server(env={"SENT_REFUSED_AS": "newest"})


def test_an_account_that_demands_a_conversation_writes_to_nobody_first(server: Server, fresh_account: Account) -> None:
    http, customer_id = fresh_account.http, fresh_account.customer_id

    def switch(*, on: bool) -> bool:
        shown = server.ask(
            "accounts set-feature", customer_id=customer_id, feature="text-needs-conversation", enabled=on
        )
        return bool(shown["features"]["text-needs-conversation"])

    assert switch(on=True)
    phone, silent = samples.phone(), samples.phone()
    hear(http, phone, channel="sms")
    named = wait_for_status(http, ids(send(http, silent, channel=["sms"]))[0])
    assert (named["status"], named["reason_code"]) == ("BLOCKED", "BUSINESS_007")
    alone = send(http, silent)
    assert (alone.status, alone.code) == (422, "BUSINESS_007")
    assert wait_for_status(http, ids(send(http, phone))[0])["channel"] == "sms"
    template = http.post("/v3/messages", {"to": [silent], "template": {"name": "welcome"}, "channel": ["sms"]})
    assert template.status == 404, "the account has no such template, but the option concerns texts only"
    assert not switch(on=False)
    assert wait_for_status(http, ids(send(http, silent, channel=["sms"]))[0])["status"] == "DELIVERED"


def test_a_text_that_the_balance_does_not_cover_is_refused(server: Server) -> None:
    poor = server.create_account(balance="0.01")
    assert send(poor.http, samples.phone(), channel=["sms"]).status == 202
    answer = send(poor.http, samples.phone(), "a" * 161, channel=["sms"])
    assert (answer.status, answer.code) == (402, "BUSINESS_003")


def test_a_repeated_text_is_sent_once_and_a_sandbox_sends_none(fresh_account: Account) -> None:
    http, phone, key = fresh_account.http, samples.phone(), samples.key()
    first = http.post("/v3/messages", {"to": [phone], "text": "Once"}, idempotency_key=key)
    again = http.post("/v3/messages", {"to": [phone], "text": "Once"}, idempotency_key=key)
    assert again.data == first.data
    wait_for_status(http, ids(first)[0])
    sandbox = send(http, phone, sandbox=True, channel=["sms"])
    assert (sandbox.status, sandbox.data["recipients"][0]["body"]) == (202, "Your table is ready.")
    assert http.get(f"/v3/messages/{ids(sandbox)[0]}").status == 404
    got = wait_for(
        lambda: http.get(f"/sim/phones/{phone}/messages").data["messages"], 15, until=at_least(1), what="the text"
    )
    assert [one["text"] for one in got] == ["Once"]


def test_a_failure_at_the_carrier_is_a_failure(fresh_account: Account) -> None:
    http = fresh_account.http
    (message_id,) = ids(send(http, samples.magic_phone("03"), channel=["sms"]))
    found = wait_for_status(http, message_id)
    assert (found["status"], found["reason_code"]) == ("FAILED", "DELIVERY_003")
    assert found["reason"].endswith("Correct the number; it does not exist.")
