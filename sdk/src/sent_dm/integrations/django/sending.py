"""Sending with a record of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sent_dm.client import SentDm
from sent_dm.core.not_given import NOT_GIVEN
from sent_dm.core.retry import is_retryable
from sent_dm.exceptions import APIError, APIStatusError
from sent_dm.integrations.django import signals
from sent_dm.integrations.django.apps import get_sent_client
from sent_dm.integrations.django.models import SentMessage
from sent_dm.integrations.messages import what_to_send


def send_message(
    phone_number: str,
    template_id: str = "",
    variables: Mapping[str, Any] | None = None,
    *,
    template_name: str = "",
    channels: Sequence[str] = (),
    text: str = "",
    scheduled_at: datetime | None = None,
) -> SentMessage:
    """A record, and the message behind it. Raises APIError when it was not taken; the record then says why.

    What is sent is a template or a `text`, now or at `scheduled_at`, a time with an offset.

    With a `template_id` that is not a UUID, or none, `template_name` says which template.
    """
    message = SentMessage.objects.create(
        phone_number=phone_number,
        template_id=template_id,
        template_name=template_name or template_id,
        variables=dict(variables or {}),
        channels=list(channels),
        text=text,
        scheduled_at=scheduled_at,
    )
    signals.message_queued.send(sender=SentMessage, instance=message)
    deliver(message)
    return message


def deliver(
    message: SentMessage, *, client: SentDm | None = None, will_retry: Callable[[Exception], bool] | None = None
) -> None:
    """Send what is recorded. Called again after an outcome that nobody knows, it does not send twice."""
    client = client or get_sent_client()
    try:
        template, text = what_to_send(message.template_id or message.template_name, message.variables, message.text)
        answer = client.messages.send(
            to=[message.phone_number],
            template=template,
            text=text,
            channel=message.channels or None,
            scheduled_at=message.scheduled_at or NOT_GIVEN,
            idempotency_key=message.idempotency_key,
        )
    except (APIError, TypeError, ValueError) as error:
        if will_retry is None or not will_retry(error):
            _fail(message, error)
        raise
    message.mark_as_sent(answer.data.id or "")
    signals.message_sent.send(sender=SentMessage, instance=message, response=answer.data)


def try_again(message: SentMessage) -> None:
    """Send what failed. Raises APIError."""
    if message.sent_id is not None:
        message.begin_again()
    elif message.status == "failed":
        message.status = "pending"
        message.save(update_fields=["status", "updated_at"])
    deliver(message)


def _fail(message: SentMessage, error: Exception) -> None:
    message.mark_as_failed(str(error))
    if isinstance(error, APIStatusError) and not is_retryable(error.status_code, error.response.headers):
        # A no that would be repeated under the same key, even if the reason for it is gone.
        message.attempt += 1
        message.save(update_fields=["attempt", "updated_at"])
    signals.message_failed.send(sender=SentMessage, instance=message, error=str(error))
