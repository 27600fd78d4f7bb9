"""Ready workflows of several sends: a chain, a group, and a chord with a report."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NotRequired

from celery import chain, chord, group, shared_task

from sent_dm.integrations.celery.base import SentTask
from sent_dm.integrations.celery.tasks import QuietTask, Recipient, send_to, sends


class Step(Recipient):
    """A template or a text, `delay_seconds` after the step before."""

    template_id: NotRequired[str]
    text: NotRequired[str]
    delay_seconds: NotRequired[float]


@shared_task(base=QuietTask, bind=True, name="sent_dm.send_sequence")
def send_sequence(self: SentTask, steps: Sequence[Step]) -> dict[str, Any]:
    """Send one after the other (a chain), each `delay_seconds` after the step before. A step that fails ends it."""
    if not steps:
        return {"success": True, "steps": 0}
    sends = [
        send_to(step, step.get("template_id"), None, text=step.get("text")).set(
            task_id=self.child_id(number), countdown=step.get("delay_seconds") or None
        )
        for number, step in enumerate(steps)
    ]
    return {"success": True, "workflow_id": chain(*sends).apply_async().id, "steps": len(steps)}


@shared_task(base=QuietTask, bind=True, name="sent_dm.multi_channel_notify")
def multi_channel_notify(
    self: SentTask,
    phone_number: str,
    message_content: Mapping[str, Any],
    channels: Sequence[str] = ("whatsapp", "sms"),
) -> dict[str, Any]:
    """Send the same message on each channel at once (a group)."""
    recipient = Recipient(phone_number=phone_number, variables=message_content.get("variables") or {})
    sends = [
        send_to(recipient, message_content["template_id"], None, channel=[name]).set(task_id=self.child_id(name))
        for name in channels
    ]
    return {"success": True, "group_id": group(sends).apply_async().id, "channels": list(channels)}


@shared_task(base=QuietTask, bind=True, name="sent_dm.campaign_with_report")
def campaign_with_report(
    self: SentTask, recipients: Sequence[Recipient], template_id: str, campaign_id: str
) -> dict[str, Any]:
    """Send to all and report when the last is done (a chord). Needs a result backend. The report is `chord_id`."""
    report = generate_campaign_report.s(campaign_id=campaign_id, total_recipients=len(recipients)).set(
        task_id=self.child_id("report")
    )
    if not recipients:
        started = report.clone(args=([],)).apply_async()
    else:
        # A chord whose part raises never comes to its end.
        started = chord(sends(self, recipients, template_id, None, failure_as_result=True))(report)
    return {"success": True, "chord_id": started.id, "campaign_id": campaign_id, "recipients": len(recipients)}


@shared_task(base=QuietTask, name="sent_dm.generate_campaign_report")
def generate_campaign_report(
    results: Sequence[Mapping[str, Any]], campaign_id: str, total_recipients: int
) -> dict[str, Any]:
    successful = sum(1 for result in results if result.get("success"))
    rate = round(successful / total_recipients * 100, 2) if total_recipients else 0
    return {
        "campaign_id": campaign_id,
        "timestamp": datetime.now(UTC).isoformat(),
        "summary": {
            "total": total_recipients,
            "successful": successful,
            "failed": len(results) - successful,
            "success_rate": rate,
        },
    }
