"""Records: what was sent, which templates there are, which events have come.

A status only moves forward, so that events may come in any order. What failed may still turn out to have arrived:

    pending -> queued -> processed -> routed -> sent -> failed, cancelled, filtered, blocked -> delivered -> read
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sent_dm.integrations.django import signals
from sent_dm.integrations.messages import E164

_LOST = ("failed", "cancelled", "filtered", "blocked")
_ORDER = [
    ("pending",),
    ("scheduled", "queued"),
    ("processed",),
    ("routed",),
    ("sent",),
    _LOST,
    ("delivered",),
    ("read",),
]
STATUSES = [status for step in _ORDER for status in step]
_BEHIND = {
    status: [one for step in _ORDER[:rank] for one in step] for rank, step in enumerate(_ORDER) for status in step
}


if TYPE_CHECKING:
    CharField = models.CharField[str]
else:
    CharField = models.CharField


class PhoneNumberField(CharField):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        kwargs.setdefault("help_text", _("Phone number in E.164 format (e.g., +1234567890)"))
        super().__init__(*args, **kwargs)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value and not E164.fullmatch(value):
            raise ValidationError(
                _("Enter a valid phone number in E.164 format (e.g., +1234567890)."), code="invalid_phone_number"
            )


class SentMessage(models.Model):
    """`key` and `attempt` make the idempotency key: a send whose outcome is unknown is repeated under the same one."""

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    attempt = models.PositiveSmallIntegerField(default=1, editable=False)
    sent_id = models.CharField(_("Sent message ID"), max_length=100, unique=True, null=True, blank=True, default=None)
    phone_number = PhoneNumberField(_("Phone number"))
    template_id = models.CharField(_("Template ID"), max_length=100, blank=True)
    template_name = models.CharField(_("Template name"), max_length=512, blank=True)
    variables: models.JSONField[Any] = models.JSONField(_("Template variables"), default=dict, blank=True)
    channels: models.JSONField[Any] = models.JSONField(_("Channels"), default=list, blank=True)
    text = models.TextField(_("Text"), blank=True, default="")
    scheduled_at = models.DateTimeField(_("Scheduled at"), null=True, blank=True)
    status = models.CharField(_("Status"), max_length=20, default="pending", choices=[(one, one) for one in STATUSES])
    error_message = models.TextField(_("Error message"), blank=True)
    sent_at = models.DateTimeField(_("Sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("Delivered at"), null=True, blank=True)
    created_at = models.DateTimeField(_("Created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Updated at"), auto_now=True)

    class Meta:
        verbose_name = _("Sent message")
        verbose_name_plural = _("Sent messages")
        ordering = ("-created_at",)
        permissions = (("send_message", _("Can send messages")),)
        indexes = (
            models.Index(fields=["status", "created_at"], name="sent_dm_status"),
            models.Index(fields=["phone_number", "created_at"], name="sent_dm_phone_number"),
        )

    def __str__(self) -> str:
        return f"{self.template_name or self.template_id or 'text'} to {self.phone_number} ({self.status})"

    @property
    def idempotency_key(self) -> str:
        return f"django-{self.key.hex}-{self.attempt}"

    def mark_as_sent(self, sent_id: str) -> None:
        """Sent has taken it under this id. Events that were faster than this are applied when it is committed."""
        self.sent_id, self.error_message = sent_id, ""
        self.status, self.sent_at = ("scheduled", None) if self.scheduled_at else ("sent", timezone.now())
        self.save(update_fields=["sent_id", "status", "sent_at", "error_message", "updated_at"])
        transaction.on_commit(self.apply_earlier_events)

    def apply_earlier_events(self) -> None:
        """Apply the events that came before `sent_id` was committed."""
        if self.sent_id:
            for event in WebhookEvent.objects.filter(message=None, sent_id=self.sent_id).order_by("pk"):
                with transaction.atomic():
                    event.apply_to(self)

    def mark_as_delivered(self) -> bool:
        return bool(self.advance("delivered", at=timezone.now()))

    def mark_as_failed(self, error_message: str) -> bool:
        return bool(self.advance("failed", at=timezone.now(), error_message=error_message))

    def advance(self, status: str, *, at: datetime, error_message: str = "") -> list[str]:
        """Move to a later status, at `at`. Returns what is new: nothing, the status, or delivered and read at once."""
        arrived = status in ("delivered", "read")
        changes: dict[str, Any] = {"status": status, "updated_at": timezone.now()}
        if arrived or status in _LOST:
            changes["error_message"] = "" if arrived else error_message
        this = SentMessage.objects.filter(pk=self.pk)
        # Single statements: two events at once cannot overtake each other.
        if not this.filter(status__in=_BEHIND.get(status, [])).update(**changes):
            return []
        if status == "sent" or arrived:
            this.filter(sent_at=None).update(sent_at=at)
        was_first = arrived and this.filter(delivered_at=None).update(delivered_at=at)
        self.refresh_from_db(fields=[*changes, "sent_at", "delivered_at"])
        return ["delivered", "read"] if was_first and status == "read" else [status]

    def begin_again(self) -> None:
        """Ready to be sent again, after any result."""
        self.attempt += 1
        self.sent_id, self.status, self.error_message, self.sent_at, self.delivered_at = None, "pending", "", None, None
        self.save()


class MessageTemplate(models.Model):
    """A copy of a template; the command sync_templates keeps it."""

    template_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=512)
    description = models.TextField(blank=True)
    content = models.TextField(blank=True)
    variables: models.JSONField[Any] = models.JSONField(default=list, blank=True)
    channels: models.JSONField[Any] = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    last_synced = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class WebhookEvent(models.Model):
    """A received event. `handled_at` is set in the transaction that signals it, so each is signalled once."""

    event_id = models.CharField(max_length=128, unique=True)
    name = models.CharField(max_length=100, db_index=True)
    sent_id = models.CharField(_("Sent message ID"), max_length=100, blank=True, db_index=True)
    body: models.JSONField[Any] = models.JSONField()
    message = models.ForeignKey(SentMessage, null=True, blank=True, on_delete=models.SET_NULL, related_name="events")
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-received_at",)

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"

    def apply_to(self, message: SentMessage) -> None:
        """Change the message as the event says, and send the signals of what is new. A second time changes nothing."""
        if not WebhookEvent.objects.filter(pk=self.pk, message=None).update(message=message):
            return
        payload = payload_of(self.body)
        status = str(payload.get("message_status") or "").lower()
        reason = str(payload.get("reason") or payload.get("reason_code") or "Unknown error")
        for change in message.advance(status, at=self._happened_at(), error_message=reason):
            match change:
                case "delivered":
                    signals.message_delivered.send(sender=SentMessage, instance=message, event_data=payload)
                case "read":
                    signals.message_read.send(sender=SentMessage, instance=message, event_data=payload)
                case "failed":
                    signals.message_failed.send(sender=SentMessage, instance=message, error=reason)
                case _:
                    pass

    def _happened_at(self) -> datetime:
        try:
            at = datetime.fromisoformat(str(self.body.get("timestamp")))
            return at if at.tzinfo is not None else self.received_at
        except ValueError:
            return self.received_at


def payload_of(body: dict[str, Any]) -> dict[str, Any]:
    payload = body.get("payload")
    return payload if isinstance(payload, dict) else {}  # pyright: ignore[reportUnknownVariableType]
