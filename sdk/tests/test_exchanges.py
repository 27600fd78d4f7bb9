"""Texts, schedules, conversations, filters and senders against a real server, by every driver."""

import itertools
import time
from datetime import timedelta

import pytest

import sent_dm

_numbers = itertools.count(0)


def phone() -> str:
    return f"+1415{next(_numbers) + 6_600_000:07d}"


def test_a_text_is_sent_as_it_is(call, server):
    handset = server.phone(phone())
    answer = call(lambda c: c.messages.send(to=[handset.number], channel="sms", text="Table {{1}} is ready."))
    assert (answer.data.template_id, answer.data.template_name) == (None, None)
    assert answer.data.recipients[0].body == "Table {{1}} is ready."
    got = handset.wait_for(channel="sms", timeout=30)
    assert (got.text, got.message_id) == ("Table {{1}} is ready.", answer.id)
    message = call(lambda c: c.messages.wait_until_delivered(answer.id, timeout=30))
    assert (message.template_id, message.message_body.content) == (None, "Table {{1}} is ready.")


def test_a_text_and_a_template_are_one_too_many(call):
    with pytest.raises(sent_dm.BadRequestError) as refused:
        call(lambda c: c.messages.send(to=[phone()], template={"name": "welcome"}, text="Hi"))
    assert refused.value.code == "VALIDATION_001"
    assert refused.value.details is not None
    assert list(refused.value.details) == ["text"]


def test_both_sides_of_a_conversation(call, server):
    handset = server.phone(phone())
    template = {"name": "otp_code", "parameters": {"code": "4713"}}
    sent = call(lambda c: c.messages.send(to=[handset.number], template=template, channel="sms"))
    message = call(lambda c: c.messages.wait_until_delivered(sent.id, timeout=30))
    handset.reply("Thank you")
    conversation = message.conversation_id
    assert conversation == message.contact_id

    deadline_s = time.monotonic() + 30
    found = []
    while len(found) < 2 and time.monotonic() < deadline_s:  # a job reads the reply
        time.sleep(0.05)
        found = call.items(lambda c: c.conversations.list_messages(conversation))
    assert [(one.direction, one.status) for one in found] == [("inbound", "RECEIVED"), ("outbound", message.status)]
    assert [one.message_body.content for one in found] == ["Thank you", message.message_body.content]
    assert all(one.events is None for one in found)
    inbound = call.items(lambda c: c.messages.list(direction="inbound", contact_id=conversation))
    assert inbound == [found[0]]
    assert {one.id for one in found} <= {one.id for one in call.items(lambda c: c.conversations.list(page_size=100))}
    summary = call(lambda c: c.contacts.retrieve_message_summary(conversation)).data
    assert (summary.message_count, summary.channels_used) == (2, ["sms"])
    assert (summary.channel_scores[0].success_score, summary.channel_scores[0].fail_score) == (100, 0)


def test_filters_of_a_webhook_are_kept_and_cleared(call):
    made = call(
        lambda c: c.webhooks.create(
            display_name="Filtered",
            endpoint_url="https://example.com/hook",
            event_types=["message"],
            event_filters={"message": ["delivered", "failed"]},
        )
    ).data
    try:
        assert made.event_filters == {"message": ["delivered", "failed"]}
        changed = call(
            lambda c: c.webhooks.update(
                made.id, display_name="All", endpoint_url="https://example.com/hook", event_types=["message"],
                event_filters={},
            )
        )  # fmt: skip
        assert changed.data.event_filters is None
    finally:
        call(lambda c: c.webhooks.delete(made.id))


def test_senders_of_the_account(call, server):
    state = call(lambda c: c.channels.retrieve()).data
    assert state.customer_id == server.customer_id
    markets = call(lambda c: c.channels.sms.list()).data
    assert {(one.country, one.number_type) for one in state.sms} == {(one.country, one.number_type) for one in markets}
    first = markets[0]
    assert call(lambda c: c.channels.sms.retrieve(first.country, first.number_type)).data.status == first.status
    needed = call(lambda c: c.compliance.retrieve_requirements(country="US", type="TEN_DLC")).data
    assert (needed.channel, needed.country, needed.required) == ("sms", "US", True)


def test_a_sender_profile_from_creation_to_deletion(call):
    made = call(lambda c: c.sender_profiles.create(name="Shop", short_name="SHOP", billing={"inherit": True})).data
    assert made.api_key
    assert call(lambda c: c.sender_profiles.get(made.id)).data.name == "Shop"
    assert call(lambda c: c.sender_profiles.update(made.id, name="Store")).data.name == "Store"
    assert made.id in {one.id for one in call.items(lambda c: c.sender_profiles.list())}
    assert call(lambda c: c.sender_profiles.delete(made.id)) is None
    with pytest.raises(sent_dm.NotFoundError):
        call(lambda c: c.sender_profiles.get(made.id))


def test_a_message_is_held_and_cancelled(call, server):
    when = server.now() + timedelta(hours=2)
    answer = call(
        lambda c: c.messages.send(
            to=[phone()], template={"name": "otp_code", "parameters": {"code": "1"}}, channel="sms", scheduled_at=when
        )
    )
    assert (answer.status, answer.data.scheduled_at) == ("QUEUED", when)
    held = call(lambda c: c.messages.get(answer.id)).data
    assert (held.status, held.scheduled_at) == ("SCHEDULED", when)
    cancelled = call(lambda c: c.messages.cancel(answer.id)).data
    assert (cancelled.status, cancelled.scheduled_at) == ("CANCELLED", when)
    assert call(lambda c: c.messages.cancel(answer.id)).data == cancelled
    with pytest.raises(sent_dm.ConflictError) as refused:
        call(lambda c: c.messages.resend(answer.id))
    assert refused.value.code == "BUSINESS_006"


def test_the_clock_can_be_moved_to_the_release(call, server):
    handset = server.phone(phone())
    when = server.now() + timedelta(minutes=3)
    template = {"name": "otp_code", "parameters": {"code": "4711"}}
    call(lambda c: c.messages.send(to=[handset.number], template=template, channel="sms", scheduled_at=when))
    server.advance_clock_to(when)
    assert server.now() >= when
    assert "4711" in handset.wait_for(channel="sms", timeout=30).text
    server.advance_clock_to(when)  # never back
    assert server.now() >= when


def test_a_message_is_sent_again_under_its_id(call, server):
    handset = server.phone(phone())
    template = {"name": "otp_code", "parameters": {"code": "4712"}}
    first = call(lambda c: c.messages.send(to=[handset.number], template=template, channel="sms"))
    call(lambda c: c.messages.wait_until_delivered(first.id, timeout=30))
    again = call(lambda c: c.messages.resend(first.id))
    assert (again.id, again.data.recipients[0].channel) == (first.id, "sms")
    assert {handset.wait_for("4712", timeout=30).id, handset.wait_for("4712", timeout=30).id} == {
        one.id for one in handset.messages()
    }
