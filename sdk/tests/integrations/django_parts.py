"""Django, set up in this process, and what its tests share; a whole site is in on_django/test_example.py."""

from typing import Any

import django
from django.conf import settings
from django.test import Client

import django_site
from deliveries import event, signed

# Not by DJANGO_SETTINGS_MODULE: with that in the environment, Celery applications become Django's.
settings.configure(**{name: value for name, value in vars(django_site).items() if name.isupper()})
django.setup()

from sent_dm.integrations.django import signals  # noqa: E402
from sent_dm.integrations.django.models import SentMessage  # noqa: E402

__all__ = ["HOOK", "body", "post", "sent", "signals"]

HOOK = "/webhooks/sent/"


def sent(sent_id: str = "m") -> SentMessage:
    message = SentMessage.objects.create(phone_number="+14155551234", template_name="welcome")
    message.mark_as_sent(sent_id)
    return message


def body(status: str, number: int = 1, *, message_id: str = "m", **more: Any) -> bytes:
    """The event that `message_id` is in this state."""
    name = f"message.{status.lower()}"
    payload = {"message_id": message_id, "message_status": status, "channel": "sms", **more}
    return event(event=name, sub_type=name, payload=payload, meta={"request_id": f"event-{number}"})


def post(content: bytes, **headers: str) -> Any:
    return Client(enforce_csrf_checks=True).post(
        HOOK, data=content, content_type="application/json", headers=headers or signed(content)
    )
