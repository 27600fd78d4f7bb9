"""Ready tasks. Arguments and results are JSON; nothing of them but the id and the state of a message is logged.

Tasks that start others choose their ids, so that a second run starts the same ones, which then send nothing twice.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from celery import group, shared_task

from sent_dm.core.not_given import NOT_GIVEN, NotGiven
from sent_dm.exceptions import APIError
from sent_dm.integrations.celery.base import SentTask
from sent_dm.integrations.celery.errors import ValidationError
from sent_dm.integrations.messages import E164, what_to_send
from sent_dm.params import TemplateRefParam


class Recipient(TypedDict):
    phone_number: str
    variables: NotRequired[Mapping[str, Any]]


class QuietTask(SentTask):
    abstract = True
    # Celery logs what a task returns; phone numbers do not belong there.
    resultrepr_maxsize = 1


@shared_task(base=QuietTask, bind=True, name="sent_dm.send_single_message", reject_on_worker_lost=True)
def send_single_message(
    self: SentTask,
    phone_number: str,
    template_id: str | None = None,
    variables: Mapping[str, Any] | None = None,
    channel: Sequence[str] | None = None,
    track_id: str | None = None,
    failure_as_result: bool = False,
    text: str | None = None,
    scheduled_at: str | None = None,
) -> dict[str, Any]:
    """Send a template or a text to one number, now or at `scheduled_at`. `template_id` may also be a template's name.

    `failure_as_result`: what will not be tried again is returned, `success` false, and not raised.
    """
    told = {"phone_number": phone_number, "track_id": track_id}
    try:
        check_phone_number(phone_number)
        template, text_given = _what_to_send(template_id, variables, text)
        answer = self.sent_client.messages.send(
            to=[phone_number],
            template=template,
            text=text_given,
            channel=channel or None,
            scheduled_at=scheduled_at or NOT_GIVEN,
        )
    except (APIError, ValidationError) as error:
        if not failure_as_result or self.will_retry(error):
            raise
        code = error.code if isinstance(error, APIError) else error.error_code
        return {"success": False, "message_id": None, "status": "failed", "error": str(error), "code": code, **told}
    return {"success": True, "message_id": answer.data.id, "status": answer.data.status.lower(), **told}


@shared_task(base=QuietTask, bind=True, name="sent_dm.send_templated_batch")
def send_templated_batch(
    self: SentTask,
    recipients: Sequence[Recipient],
    template_id: str,
    batch_variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Start one send for each recipient, whose own variables come before those of the batch."""
    errors: list[dict[str, Any]] = []
    for number, recipient in enumerate(recipients):
        try:
            send_to(recipient, template_id, batch_variables).apply_async(task_id=self.child_id(number))
        except (KeyError, TypeError) as fault:
            errors.append({"index": number, "error": f"{type(fault).__name__}: {fault}"})
    total = len(recipients)
    return {"total": total, "queued": total - len(errors), "failed": len(errors), "errors": errors}


@shared_task(base=QuietTask, bind=True, name="sent_dm.send_bulk_messages")
def send_bulk_messages(
    self: SentTask,
    recipients: Sequence[Recipient],
    template_id: str | None = None,
    variables: Mapping[str, Any] | None = None,
    text: str | None = None,
) -> dict[str, Any]:
    """The same as a group, whose id is returned. Also takes a text."""
    _what_to_send(template_id, variables, text)
    if not recipients:
        return {"success": True, "queued": 0}
    started = group(sends(self, recipients, template_id, variables, text=text)).apply_async()
    return {"success": True, "group_id": started.id, "total_tasks": len(recipients)}


@shared_task(base=QuietTask, name="sent_dm.validate_contacts")
def validate_contacts(contacts: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    valid: list[Any] = []
    invalid: list[Any] = []
    for contact in contacts:
        phone_number = str(contact.get("phone_number") or "").strip()
        if E164.fullmatch(phone_number):
            valid.append({**contact, "phone_number": phone_number})
        else:
            invalid.append({"contact": contact, "reason": "Invalid phone format"})
    return {"valid": valid, "invalid": invalid}


def _what_to_send(
    template_id: str | None, variables: Mapping[str, Any] | None, text: str | None
) -> tuple[TemplateRefParam | NotGiven, str | NotGiven]:
    try:
        return what_to_send(template_id, variables, text)
    except ValueError as fault:
        raise ValidationError(str(fault)) from None


def check_phone_number(phone_number: object) -> None:
    if not isinstance(phone_number, str) or not E164.fullmatch(phone_number):
        raise ValidationError("Invalid phone number format. Must be E.164")


def send_to(recipient: Recipient, template_id: str | None, variables: Mapping[str, Any] | None, **more: Any) -> Any:
    return send_single_message.si(
        phone_number=recipient["phone_number"],
        template_id=template_id,
        variables={**(variables or {}), **(recipient.get("variables") or {})},
        **{name: value for name, value in more.items() if value is not None},
    )


def sends(
    task: SentTask,
    recipients: Sequence[Recipient],
    template_id: str | None,
    variables: Mapping[str, Any] | None,
    **more: Any,
) -> list[Any]:
    return [
        send_to(recipient, template_id, variables, **more).set(task_id=task.child_id(number))
        for number, recipient in enumerate(recipients)
    ]
