"""MMS: what a send with media needs, where it goes, what it shows, and media that people send."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client, Response
from harness.messages import history, wait_for_status
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import wait_for
from sent_server.kernel import media

Json = dict[str, Any]
PICTURE = "https://cdn.example.com/menu.jpg"
LOST = "https://files.invalid/menu.jpg"
MMS, SMS = 0.02, 0.0083


@pytest.fixture
def account(server: Server) -> Account:
    """A fresh organization that sends MMS."""
    made = server.create_account()
    server.ask("accounts set-feature", customer_id=made.customer_id, feature="mms", enabled=True)
    return made


def send(http: Client, phone: str, **fields: Any) -> Response:
    return http.post("/v3/messages", {"to": [phone], "text": "Our new menu", **fields})


def ended(http: Client, answer: Response) -> Json:
    assert answer.status == 202, answer.body
    return wait_for_status(http, answer.data["recipients"][0]["message_id"])


def on_handset(http: Client, phone: str) -> list[Json]:
    return list(http.get(f"/sim/phones/{phone}/messages").data["messages"])


def test_an_mms_arrives_with_its_media_and_subject(account: Account) -> None:
    http, phone = account.http, samples.phone()
    answer = send(http, phone, channel=["mms"], subject="Menu", media_urls=[PICTURE, f"{PICTURE}?2"])
    found = ended(http, answer)
    assert (found["status"], found["channel"], found["price"]) == ("DELIVERED", "mms", MMS), history(http, found["id"])
    assert answer.data["messages"][0]["price"] == MMS
    body = found["message_body"]
    assert (body["content"], body["subject"], body["headerMedia"]) == ("Our new menu", "Menu", None)
    assert [one["url"] for one in body["media"]] == [PICTURE, f"{PICTURE}?2"]
    (seen,) = on_handset(http, phone)
    assert (seen["channel"], seen["subject"]) == ("mms", "Menu")
    assert [one["url"] for one in seen["media"]] == [PICTURE, f"{PICTURE}?2"]
    balance = http.get("/v3/me").data["balance"]
    assert (balance["available"], balance["held"]) == (1_000 - MMS, 0)


def test_without_media_nothing_is_an_mms(account: Account) -> None:
    http = account.http
    refused = send(http, samples.phone(), channel=["mms"])
    assert (refused.status, refused.code) == (400, "VALIDATION_001")
    assert refused.details == {"media_urls": ["channel 'mms' needs an attachment, here or on the template"]}
    named = {"to": [samples.phone()], "template": {"name": "nope"}, "channel": ["mms"]}
    assert http.post("/v3/messages", named).code == "RESOURCE_002"
    found = ended(http, send(http, samples.phone(), subject="Menu", media_urls=[]))
    assert (found["channel"], found["message_body"]["media"], found["message_body"]["subject"]) == ("sms", None, None)


@pytest.mark.parametrize(
    ("fields", "code", "details"),
    [
        ({"media_urls": ["http://a.example/x"]}, "VALIDATION_001", {"media_urls[0]": [media.NOT_HTTPS]}),
        ({"media_urls": [PICTURE, "cid:1"]}, "VALIDATION_001", {"media_urls[1]": [media.NOT_HTTPS]}),
        ({"media_urls": ["https://a.example/a b"]}, "VALIDATION_001", {"media_urls[0]": [media.NOT_HTTPS]}),
        ({"media_urls": [f"https://a.example/{'x' * 2_048}"]}, "VALIDATION_001", {"media_urls[0]": [media.TOO_LONG]}),
        ({"media_urls": [PICTURE] * 11}, "VALIDATION_005", {"media_urls": ["At most 10 attachments are allowed"]}),
        ({"media_urls": PICTURE}, "VALIDATION_001", {"media_urls": ["Expected a list"]}),
        ({"media_urls": [7]}, "VALIDATION_001", {"media_urls[0]": ["Expected a string"]}),
        ({"subject": "x" * 256}, "VALIDATION_005", {"subject": ["The subject must have at most 255 characters"]}),
    ],
    ids=str,
)
def test_media_that_cannot_go_are_refused_by_name(http: Client, fields: Json, code: str, details: Json) -> None:
    for body in ({"text": "x", "to": [samples.phone()]}, {"text": "x", "phone_number": samples.phone()}):
        answer = http.post("/v3/messages", {**body, **fields})
        assert (answer.status, answer.code, answer.details) == (400, code, details)


def test_an_account_without_mms_is_told_by_the_message(fresh_account: Account) -> None:
    http = fresh_account.http
    found = ended(http, send(http, samples.phone(), channel=["mms"], media_urls=[PICTURE]))
    assert (found["status"], found["reason_code"], found["price"]) == ("BLOCKED", "BUSINESS_007", None)
    assert "does not send MMS" in found["reason"]
    automatic = ended(http, send(http, samples.phone(), media_urls=[PICTURE]))
    assert (automatic["status"], automatic["channel"]) == ("DELIVERED", "sms")


def test_an_automatic_choice_with_media_takes_mms_first_and_then_goes_without_them(account: Account) -> None:
    http, phone = account.http, samples.phone()
    found = ended(http, send(http, phone, media_urls=[PICTURE]))
    assert (found["status"], found["channel"], found["price"]) == ("DELIVERED", "mms", MMS)
    lost = ended(http, send(http, samples.phone(), media_urls=[LOST]))
    assert (lost["status"], lost["channel"], lost["price"]) == ("DELIVERED", "sms", SMS), history(http, lost["id"])
    assert lost["message_body"]["media"] is None
    # Nothing is charged for the leg whose media could not be fetched.
    assert http.get("/v3/me").data["balance"]["available"] == pytest.approx(1_000 - MMS - SMS)


def test_media_that_the_carrier_cannot_fetch_fail_a_named_mms(account: Account) -> None:
    http = account.http
    found = ended(http, send(http, samples.phone(), channel=["mms"], media_urls=[PICTURE, LOST]))
    assert (found["status"], found["reason_code"]) == ("FAILED", "DELIVERY_004"), history(http, found["id"])
    assert http.get("/v3/me").data["balance"] == {"available": 1_000.0, "held": 0, "currency": "USD"}


def test_only_some_markets_carry_mms(account: Account) -> None:
    http = account.http
    britain = "+447700900123"
    refused = send(http, britain, channel=["mms"], media_urls=[PICTURE])
    assert (refused.status, refused.code) == (422, "BUSINESS_007")
    found = ended(http, send(http, britain, media_urls=[PICTURE]))
    assert (found["status"], found["channel"]) == ("DELIVERED", "sms")
    canada = ended(http, send(http, "+14165550190", media_urls=[PICTURE]))
    assert (canada["channel"], canada["price"]) == ("mms", 0.022)


def test_a_landline_takes_no_mms(account: Account) -> None:
    phone = samples.magic_phone("12")
    refused = send(account.http, phone, channel=["mms"], media_urls=[PICTURE])
    assert (refused.status, refused.code) == (422, "BUSINESS_007")


def test_the_media_of_a_template_go_along_unless_the_send_has_its_own(account: Account) -> None:
    http, phone = account.http, samples.phone()
    mms = {"template": "Menu for {{name}}", "subject": "Menu", "media": [{"url": PICTURE, "mediaType": "image"}]}
    body = {"name": "menu", "definition": {"body": {"multiChannel": {"template": "Hello"}, "mms": mms}}}
    assert http.post("/v3/templates", body).status == 201
    template = {"name": "menu", "parameters": {"name": "Jo"}}
    own = ended(http, http.post("/v3/messages", {"to": [phone], "template": template, "channel": ["mms"]}))
    shown = own["message_body"]
    assert (shown["content"], shown["subject"]) == ("Menu for Jo", "Menu")
    assert [(one["url"], one["mediaType"]) for one in shown["media"]] == [(PICTURE, "image")]
    other = {"to": [phone], "template": template, "media_urls": [f"{PICTURE}?new"], "subject": "New"}
    replaced = ended(http, http.post("/v3/messages", other))["message_body"]
    assert (replaced["subject"], [one["url"] for one in replaced["media"]]) == ("New", [f"{PICTURE}?new"])
    plain = ended(http, http.post("/v3/messages", {"to": [phone], "template": template, "channel": ["sms"]}))
    assert (plain["message_body"]["content"], plain["message_body"]["media"]) == ("Hello", None)


def test_a_broadcast_with_media_is_one_message_for_each_channel(account: Account) -> None:
    http = account.http
    answer = send(http, samples.phone(), channel=["sms", "mms"], media_urls=[PICTURE])
    assert [one["channel"] for one in answer.data["recipients"]] == ["sms", "mms"]
    prices = [one["price"] for one in answer.data["messages"]]
    assert prices == [SMS, MMS]


def test_a_header_with_a_picture_is_shown_and_without_one_the_message_fails(server: Server) -> None:
    http, phone = server.http, samples.phone()
    header = {"type": "image", "template": ""}
    body = {**samples.template(submit_for_review=True), "name": samples.key()}
    body["definition"]["header"] = header
    made = http.post("/v3/templates", body).data
    path = f"/v3/templates/{made['id']}"
    wait_for(lambda: http.get(path).data["status"], 30, until=lambda status: status == "APPROVED")

    def sent(**parameters: str) -> Json:
        template = {"id": made["id"], "parameters": parameters}
        return ended(http, http.post("/v3/messages", {"to": [phone], "template": template, "channel": ["whatsapp"]}))

    shown = sent(header_image=PICTURE)["message_body"]
    assert shown["headerMedia"] == {"type": "image", "url": PICTURE}
    (seen,) = on_handset(http, phone)
    assert seen["header_media"] == {"type": "image", "url": PICTURE}
    missing = sent()
    assert missing["status"] == "FAILED"
    assert "ERR_TEMPLATE_PARAMS_INVALID" in missing["events"][-1]["description"]
    assert "https URL" in sent(header_image="http://a.example/x")["events"][-1]["description"]


def test_media_that_a_person_sends_are_in_the_message_and_the_webhook(account: Account, receiver: Receiver) -> None:
    http, phone = account.http, samples.phone()
    http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.received"))
    medium = {"url": PICTURE, "mime_type": "image/jpeg", "size_bytes": 5, "hash_sha256": "ab"}
    path = f"/sim/phones/{phone}/messages"
    written = http.post(path, {"channel": "mms", "media": [medium]})
    assert written.status == 202, written.body
    (event,) = receiver.wait(1, 20)
    payload = event.json["payload"]
    assert (payload["channel"], payload["text"], payload["media"]) == ("mms", None, [medium])
    found = http.get(f"/v3/messages/{payload['message_id']}").data
    assert found["message_body"]["media"] == [
        {"url": PICTURE, "mediaType": None, "mimeType": "image/jpeg", "sizeBytes": 5, "sourceHashSha256": "ab"}
    ]
    assert http.post(path, {"channel": "mms"}).status == 400
    assert http.post(path, {"channel": "sms", "text": "x", "media": [medium]}).status == 400


def test_a_stop_by_mms_is_answered_by_sms(account: Account) -> None:
    http, phone = account.http, samples.phone()
    http.post("/v3/contacts", {"phone_number": phone})
    assert http.post(f"/sim/phones/{phone}/messages", {"channel": "mms", "text": "STOP"}).status == 202
    replies = wait_for(
        lambda: [one["channel"] for one in on_handset(http, phone) if one["direction"] == "to_phone"], 20
    )
    assert replies == ["sms"]
    assert http.get(f"/v3/contacts?phone={phone}").data["contacts"][0]["opt_out"] is True


def test_a_profile_sends_mms_from_the_numbers_of_its_organization(server: Server, account: Account) -> None:
    profile = server.create_profile(account.customer_id)
    found = ended(profile.http, send(profile.http, samples.phone(), channel=["mms"], media_urls=[PICTURE]))
    assert (found["status"], found["channel"]) == ("DELIVERED", "mms")
