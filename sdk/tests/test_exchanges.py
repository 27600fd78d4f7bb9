"""Texts and filters against a real server, by every driver."""

import itertools

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
