"""The view that takes webhooks, and what it does with them."""

import itertools
import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import Client, override_settings

from deliveries import FORMS, event, signed
from django_parts import HOOK, body, post, sent
from sent_dm.integrations.django import signals
from sent_dm.integrations.django.models import WebhookEvent

pytestmark = pytest.mark.usefixtures("configured")


@pytest.mark.parametrize(("event_type", "field"), FORMS)
def test_a_signed_event_moves_its_message(heard, event_type, field):
    message = sent()
    content = json.dumps({**json.loads(body("DELIVERED")), "field": field}).encode()
    answer = post(content, **signed(content), **{"X-Webhook-Event-Type": event_type})
    assert answer.json() == {"received": True, "duplicate": False}
    message.refresh_from_db()
    assert message.delivered_at
    assert (message.status, message.delivered_at.isoformat()) == ("delivered", "2026-01-15T10:35:00+00:00")
    assert [name for name, _ in heard] == ["webhook_received", "message_delivered"]
    told = heard[1][1]
    assert (told["instance"], told["event_data"]["message_status"]) == (message, "DELIVERED")
    assert heard[0][1]["event"].payload.message_id == "m"


@pytest.mark.parametrize("missing", ["X-Webhook-ID", "X-Webhook-Timestamp", "X-Webhook-Signature"])
def test_unsigned_is_refused(missing, heard):
    headers = signed(body("DELIVERED"))
    del headers[missing]
    assert post(body("DELIVERED"), **headers).status_code == 401
    assert heard == []
    assert not WebhookEvent.objects.exists()


def test_what_was_tampered_with_is_refused(heard):
    content = body("DELIVERED")
    headers = signed(content)
    for changed, head in [
        (content + b" ", headers),
        (content, {**headers, "X-Webhook-ID": "other"}),
        (content, signed(content, secret="whsec_AAAA")),
        (content, {**headers, "X-Webhook-Signature": "v1,é"}),
        (content, {**headers, "X-Webhook-Timestamp": "soon"}),
    ]:
        assert post(changed, **head).json() == {"error": "Invalid signature"}
    assert heard == []


def test_an_old_event_is_refused(heard):
    content = body("DELIVERED")
    assert post(content, **signed(content, at_s=1)).status_code == 401
    with override_settings(SENT_DM_WEBHOOK_TOLERANCE=10**10):
        assert post(content, **signed(content, at_s=1)).status_code == 200


def test_without_a_secret_nothing_is_believed():
    with override_settings(SENT_DM_WEBHOOK_SECRET=None), pytest.raises(ImproperlyConfigured, match="WEBHOOK_SECRET"):
        post(body("DELIVERED"))


@pytest.mark.parametrize("content", [b"", b"no", b"[]", b"null", b"\xff\xfe", b'{"a":' * 100_000])
def test_a_signed_body_that_is_no_event(content, heard):
    answer = post(content)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JSON"})
    assert heard == []


@pytest.mark.parametrize(
    "payload", [None, [], "x", {"message_id": 7}, {"message_status": []}, {"message_id": "x" * 999}]
)
def test_odd_payloads_are_kept_and_told(payload, heard):
    assert post(event(payload=payload)).status_code == 200
    assert [name for name, _ in heard] == ["webhook_received"]


def test_only_post():
    assert Client().get(HOOK).status_code == 405


def test_the_path_is_a_setting():
    from django.urls import reverse

    assert reverse("sent_dm:webhook") == HOOK


def test_an_event_is_told_once_whatever_its_unsigned_headers_say(heard):
    sent()
    for number in range(3):
        content = body("DELIVERED")
        answer = post(content, **signed(content), **{"X-Webhook-Event-ID": str(number)})
        assert answer.json()["duplicate"] is (number > 0)
    assert [name for name, _ in heard] == ["webhook_received", "message_delivered"]


def test_an_event_whose_receiver_failed_comes_again(heard):
    message = sent()

    def fails(**_: Any) -> None:
        raise RuntimeError("the receiver's own trouble")

    signals.message_delivered.connect(fails)
    try:
        with pytest.raises(RuntimeError):
            post(body("DELIVERED"))
    finally:
        signals.message_delivered.disconnect(fails)
    message.refresh_from_db()
    assert message.status == "sent"
    assert post(body("DELIVERED")).json() == {"received": True, "duplicate": False}
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize("order", list(itertools.permutations(["SENT", "FAILED", "DELIVERED", "READ"])))
def test_any_order_ends_the_same(order, heard):
    message = sent()
    for number, status in enumerate(order):
        post(body(status, number, reason="gone"))
    message.refresh_from_db()
    assert (message.status, message.error_message) == ("read", "")
    names = [name for name, _ in heard if name not in ("webhook_received", "message_failed")]
    assert names == ["message_delivered", "message_read"]


def test_a_message_that_went_on_by_another_channel_is_recorded_once(heard):
    """After a fallback, routed and sent come once more, for the next channel."""
    message = sent()
    for number, status in enumerate(["ROUTED", "SENT", "ROUTED", "SENT", "DELIVERED"]):
        post(body(status, number))
        message.refresh_from_db()
        assert message.status == ("delivered" if status == "DELIVERED" else "sent")
    assert [name for name, _ in heard if name != "webhook_received"] == ["message_delivered"]


def test_a_failure_says_why(heard):
    message = sent()
    post(body("FAILED", reason_code="ERR_X", reason="No such number"))
    message.refresh_from_db()
    assert (message.status, message.error_message) == ("failed", "No such number")
    assert [(name, told.get("error")) for name, told in heard][1:] == [("message_failed", "No such number")]


def test_an_event_that_was_faster_than_the_answer_is_applied_after_it(heard):
    post(body("DELIVERED"))
    assert [name for name, _ in heard] == ["webhook_received"]
    with transaction.atomic():
        message = sent()
        assert message.status == "sent"
    message.refresh_from_db()
    assert message.status == "delivered"
    assert [name for name, _ in heard] == ["webhook_received", "message_delivered"]
    assert [one.event_id for one in message.events.all()] == ["event-1"]  # pyright: ignore[reportAttributeAccessIssue] - Django's
    message.apply_earlier_events()
    assert len(heard) == 2


def test_what_somebody_writes_is_a_signal_of_its_own(heard):
    payload = {"from": "+14155551234", "to": "+15005550100", "text": "Hi", "message_id": "m"}
    post(event(event="message.received", sub_type="message.received", payload=payload))
    assert [name for name, _ in heard] == ["webhook_received", "message_received"]
    assert heard[1][1]["event"].payload.text == "Hi"
