"""Tasks that Celery finds by itself in a project that has this app. Needs sentdm[celery]."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from celery import shared_task

from sent_dm.integrations.celery import SentTask
from sent_dm.integrations.django import conf, sending, signals
from sent_dm.integrations.django.apps import get_sent_client
from sent_dm.integrations.django.models import SentMessage


class SiteTask(SentTask):
    """Tried again as often, and first after as many seconds, as the site's settings say."""

    abstract = True

    @property
    def max_retries(self) -> int:
        return conf.current().max_retries

    @property
    def retry_backoff(self) -> int:
        return max(1, round(conf.current().retry_delay_s))


@shared_task(base=SiteTask, bind=True, name="sent_dm.send_message_task", reject_on_worker_lost=True)
def send_message_task(
    self: SentTask,
    phone_number: str,
    template_id: str = "",
    template_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
    channel: Sequence[str] | None = None,
    message_record_id: int | None = None,
    text: str = "",
    scheduled_at: str | None = None,
) -> dict[str, Any]:
    """Send one message with a record of it: the one given, else one that is made, once for each task id."""
    if message_record_id is None:
        when = None if scheduled_at is None else datetime.fromisoformat(scheduled_at)
        message = _record(
            self.child_id("message"), phone_number, template_id, template_name, variables, channel, text, when
        )
    else:
        message = SentMessage.objects.get(pk=message_record_id)
    if message.sent_id is None:
        # Waiting is the broker's business.
        client = get_sent_client().with_options(max_retries=0)
        sending.deliver(message, client=client, will_retry=self.will_retry)
    return {"success": True, "message_id": message.sent_id}


@shared_task(base=SiteTask, bind=True, name="sent_dm.send_bulk_messages_task")
def send_bulk_messages_task(
    self: SentTask,
    phone_numbers: Sequence[str],
    template_id: str,
    template_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
    channel: Sequence[str] | None = None,
) -> dict[str, Any]:
    """A record and a task for each number."""
    task_ids: list[str] = []
    for number, phone_number in enumerate(phone_numbers):
        task_id = self.child_id(number)
        message = _record(task_id, phone_number, template_id, template_name, variables, channel)
        send_message_task.apply_async(
            kwargs={
                "phone_number": phone_number,
                "template_id": template_id,
                "template_name": template_name,
                "variables": variables,
                "channel": channel,
                "message_record_id": message.pk,
            },
            task_id=task_id,
        )
        task_ids.append(task_id)
    return {"queued": len(task_ids), "task_ids": task_ids}


def _record(
    key: str,
    phone_number: str,
    template_id: str,
    template_name: str | None,
    variables: Mapping[str, Any] | None,
    channel: Sequence[str] | None,
    text: str = "",
    scheduled_at: datetime | None = None,
) -> SentMessage:
    message, is_new = SentMessage.objects.get_or_create(
        key=uuid.UUID(key),
        defaults={
            "phone_number": phone_number,
            "template_id": template_id,
            "template_name": template_name or template_id,
            "variables": dict(variables or {}),
            "channels": list(channel or ()),
            "text": text,
            "scheduled_at": scheduled_at,
        },
    )
    if is_new:
        signals.message_queued.send(sender=SentMessage, instance=message)
    return message
