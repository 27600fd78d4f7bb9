"""What a verified webhook does. An event is stored, then signalled once, then applied to its message.

The event of a message may arrive before `mark_as_sent` has committed the id by which the message is found. Writing the
event down is committed before its message is looked for, and `mark_as_sent` looks for events after its own commit:
whichever is later finds the other.
"""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils import timezone

from sent_dm import webhooks
from sent_dm.integrations.django import signals
from sent_dm.integrations.django.models import SentMessage, WebhookEvent, payload_of
from sent_dm.types.webhook_events import WebhookInboundEvent


def receive(body: bytes) -> bool:
    """False for an event that was handled before. Raises WebhookVerificationError for a body that is not an event."""
    parsed = webhooks.parse(body)
    raw: dict[str, Any] = json.loads(body)
    event, _ = WebhookEvent.objects.get_or_create(
        event_id=_id(raw, body),
        defaults={"name": _name(raw), "sent_id": str(payload_of(raw).get("message_id") or "")[:100], "body": raw},
    )
    return _handle(event, parsed)


def _handle(event: WebhookEvent, parsed: webhooks.WebhookEvent) -> bool:
    with transaction.atomic():
        # The claim comes first: on every database a second process waits here, and then finds it done.
        if not WebhookEvent.objects.filter(pk=event.pk, handled_at=None).update(handled_at=timezone.now()):
            return False
        signals.webhook_received.send(sender=WebhookEvent, instance=event, event=parsed, event_data=event.body)
        if isinstance(parsed, WebhookInboundEvent):
            signals.message_received.send(sender=WebhookEvent, instance=event, event=parsed)
        elif event.sent_id:
            message = SentMessage.objects.filter(sent_id=event.sent_id).first()
            if message is not None:
                event.apply_to(message)
    return True


def _id(raw: dict[str, Any], body: bytes) -> str:
    """From what is signed; the header X-Webhook-Event-ID is not."""
    meta = raw.get("meta")
    told = meta.get("request_id") if isinstance(meta, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return told if isinstance(told, str) and 0 < len(told) <= 128 else hashlib.sha256(body).hexdigest()


def _name(raw: dict[str, Any]) -> str:
    return str(raw.get("event") or raw.get("sub_type") or raw.get("type") or raw.get("field") or "")[:100]
