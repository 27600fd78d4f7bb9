"""Against a real `sent up`, by every driver."""

import itertools
import json
import uuid
from datetime import datetime, timedelta

import pytest

import sent_dm

_numbers = itertools.count(0)


def phone() -> str:
    return f"+1415{next(_numbers) + 5_600_000:07d}"


def test_a_send_is_read_by_all_documented_names(call, server):
    to = phone()
    answer = call(
        lambda c: c.messages.send(
            to=[to], template={"id": server.template_ids["welcome"], "name": "welcome", "parameters": {"name": "Ann"}}
        )
    )
    message_id = answer.data.recipients[0].message_id
    assert uuid.UUID(message_id)
    assert [answer.data.messages[0].id, answer.data.id, answer.id, answer["data"]["messages"][0]["id"]] == [
        message_id
    ] * 4
    assert (answer.success, answer.error, answer.data.messages[0].status) == (True, None, "QUEUED")
    assert answer.request_id is not None
    assert answer.request_id.startswith("req_")


def test_waiting_ends_with_the_delivered_message(call, server):
    template = {"id": server.template_ids["otp_code"], "parameters": {"code": 4711}}
    sent = call(lambda c: c.messages.send(to=[phone()], template=template, channel="sms"))
    message = call(lambda c: c.messages.wait_until_delivered(sent.id, timeout=20))
    assert (message.status, message.channel) == ("DELIVERED", "sms")
    assert [event.status for event in message.events][-1] == "DELIVERED"
    assert all(isinstance(event.timestamp, datetime) for event in message.events)


def test_waiting_for_what_fails_says_why(call, server):
    template = {"id": server.template_ids["otp_code"], "parameters": {"code": "1"}}
    sent = call(lambda c: c.messages.send(to=["+14155550103"], template=template, channel="sms"))
    with pytest.raises(sent_dm.MessageFailedError, match="FAILED") as failed:
        call(lambda c: c.messages.wait_until_delivered(sent.id, timeout=20))
    assert failed.value.message_data
    assert failed.value.message_data.id == sent.id


def test_a_contact_from_creation_to_deletion(call):
    number = phone()
    made = call(lambda c: c.contacts.create(phone_number=number))
    assert made.id == made.data.id
    assert (made.data.phone_number, made.data.opt_out) == (number, False)
    assert isinstance(made.data.created_at, datetime)
    changed = call(lambda c: c.contacts.update(made.id, opt_out=True))
    assert changed.data.opt_out is True
    assert call(lambda c: c.contacts.get(made.id)).data == changed.data
    assert call(lambda c: c.contacts.delete(made.id)) is None
    with pytest.raises(sent_dm.NotFoundError) as gone:
        call(lambda c: c.contacts.retrieve(made.id))
    error = gone.value
    assert (error.status_code, error.status, error.code) == (404, 404, "RESOURCE_001")
    assert str(error) == "404 - Contact not found [RESOURCE_001]"
    assert error.request_id == error.response.headers["x-request-id"]


def test_a_list_goes_on_over_its_pages(call):
    numbers = [phone() for _ in range(5)]
    for number in numbers:
        call(lambda c, number=number: c.contacts.create(phone_number=number))
    wanted = set(numbers)
    page = call(lambda c: c.contacts.list(limit=2))
    assert len(page.data) == 2
    assert [one.id for one in page.data] == [one.id for one in page.data.contacts] == [one.id for one in page.items]
    assert page.data[0] == page.data.contacts[0]
    assert page.has_next_page()
    everything = call.items(lambda c: c.contacts.list(page_size=2))
    assert wanted <= {one.phone_number for one in everything}
    assert len(everything) == len({one.id for one in everything}) == page.data.pagination.total_count


def test_messages_are_listed_by_conversation(call, server):
    template = {"id": server.template_ids["welcome"]}
    number = phone()
    sent = [call(lambda c: c.messages.send(to=[number], template=template, channel="sms")).id for _ in range(3)]
    listed = call.items(lambda c: c.messages.list(phone=number, page_size=2))
    assert [one.id for one in listed] == sent[::-1]
    assert all(one.events is None and one.direction == "outbound" for one in listed)
    contact_id = listed[0].conversation_id
    assert [one.id for one in call.items(lambda c: c.conversations.list_messages(contact_id, page_size=1))] == sent[
        ::-1
    ]
    assert {one.id for one in call(lambda c: c.conversations.list(page_size=100)).data} >= set(sent)
    summary = call(lambda c: c.contacts.retrieve_message_summary(contact_id))
    assert (summary.message_count, summary.channels_used) == (3, ["sms"])
    assert summary.channel_scores[0].fail_score == 0
    assert isinstance(summary.first_message_at, datetime)


def test_validation_errors_name_their_fields(call):
    with pytest.raises(sent_dm.BadRequestError) as refused:
        call(lambda c: c.contacts.create(phone_number="12"))
    assert refused.value.code == "VALIDATION_002"
    assert refused.value.details is not None
    assert list(refused.value.details) == ["phone_number"]
    assert "phone_number: " in str(refused.value)


def test_a_wrong_key_is_an_authentication_error(make_caller, server):
    call = make_caller(api_key="wrong", base_url=server.base_url)
    with pytest.raises(sent_dm.AuthenticationError, match="401 - "):
        call(lambda c: c.me.retrieve())


def test_raw_responses_show_the_head(call):
    raw = call(lambda c: c.with_raw_response.templates.list(limit=1))
    assert (raw.status_code, raw.headers.get("x-api-version")) == (200, "v3")
    assert (raw.is_success, raw.method, raw.url.path, raw.retries_taken) == (True, "GET", "/v3/templates", 0)
    assert timedelta(0) < raw.elapsed < timedelta(minutes=1)
    assert json.loads(raw.text) == json.loads(raw.read()) == raw.http_response.json()
    assert raw.headers["x-request-id"] == raw.request_id == raw.body.meta.request_id
    assert raw.json()["data"]["templates"][0]["id"] == raw.body.data[0].id == raw.parse().templates[0].id
    assert call(lambda c: c.templates.with_raw_response.list(limit=1)).body.data == raw.body.data


def test_streamed_responses_are_read_in_parts(call):
    chunks = call.enter(lambda c: c.contacts.with_streaming_response.list(limit=5), lambda r: r.iter_bytes(64))
    assert {len(chunk) for chunk in chunks[:-1]} <= {64}
    text = call.enter(lambda c: c.with_streaming_response.contacts.list(limit=5), lambda r: r.text())
    assert b"".join(chunks)[:15] == text.encode()[:15] == b'{"success":true'
    assert call.enter(lambda c: c.me.with_streaming_response.retrieve(), lambda r: r.parse()).data.name == "Demo"


def test_undocumented_requests(call):
    assert call(lambda c: c.get("/v3/me"))["data"]["name"] == "Demo"
    made = call(lambda c: c.post("/v3/contacts", body={"phone_number": phone()}, cast_to=sent_dm.types.ContactResponse))
    assert call(lambda c: c.delete(f"/v3/contacts/{made.id}")) is None
    with pytest.raises(sent_dm.NotFoundError, match="RESOURCE_011"):
        call(lambda c: c.get("/v3/nothing", params={"a": 1}))


def test_one_idempotency_key_answers_once(call, server):
    key = uuid.uuid4().hex
    template = {"id": server.template_ids["welcome"], "parameters": {"name": "Ann"}}
    first, second = (
        call(lambda c: c.messages.send(to=[phone()], template=template, idempotency_key=key)) for _ in range(2)
    )
    assert first.id == second.id
    assert first.data == second.data


def test_sandbox_by_both_names(call, server):
    template = {"id": server.template_ids["welcome"], "parameters": {"name": "Ann"}}
    for name in ("sandbox", "test_mode"):
        raw = call(
            lambda c, name=name: c.messages.with_raw_response.send(to=[phone()], template=template, **{name: True})
        )
        assert (raw.status_code, raw.headers["x-sandbox"]) == (202, "true")
