"""Submits templates to the reviewer and records the verdict, with the event that reports it.

The job has the template's id. The first request submits the template, and the job is repeated until there is a verdict.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

from sent_server import events, jobs
from sent_server.db import Tx
from sent_server.events import Event
from sent_server.events.names import TEMPLATES
from sent_server.jobs import Backoff, External, Job, Kind, Loaded
from sent_server.kernel.channels import WHATSAPP
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object
from sent_server.ports.review import (
    Reviewer,
    TemplateApproved,
    TemplateRejected,
    TemplateSubmission,
    TemplateUndecided,
    Verdict,
)
from sent_server.templates import derive, store, stored_form
from sent_server.templates.model import APPROVED, PENDING, REJECTED, Template

KIND = "template_review"
LEASE_MS = 30_000
RETRY_AFTER_MS = 30_000


@value_object
class _Case:
    template: Template
    submission: TemplateSubmission


async def enqueue(tx: Tx, templates: Sequence[tuple[str, str]], *, now_ms: int) -> None:
    """`templates` are pairs of (customer_id, template id)."""
    await jobs.enqueue(tx, [(template_id, KIND, customer_id, now_ms, now_ms) for customer_id, template_id in templates])


def kind(reviewer: Reviewer, clock: Clock) -> Kind:
    """The jobs of templates under review. A failed request to the reviewer is retried later."""

    async def review(case: _Case) -> Verdict:
        return await reviewer.review(case.submission, now_ms=clock.now_ms())

    return Kind(KIND, LEASE_MS, External(_load, review, _record), Backoff((RETRY_AFTER_MS,)))


async def _load(tx: Tx, job: Job) -> Loaded[_Case] | None:
    found = await store.by_id(tx, job.customer_id, job.id)
    if found is None or found[0].status != PENDING:
        return None
    template = found[0]
    submission = TemplateSubmission(
        customer_id=template.customer_id,
        template_id=template.id,
        revision=template.revision,
        name=template.name,
        category=template.category,
        language=template.language,
        text=f"{template.name}\n{derive.texts(stored_form.load(found[1]))}",
        submitted_at_ms=template.submitted_at_ms or template.updated_at_ms,
    )
    return Loaded(job, _Case(template, submission))


async def _record(tx: Tx, loaded: Loaded[_Case], verdict: Verdict, now_ms: int) -> jobs.Outcome:
    if isinstance(verdict, TemplateUndecided):
        return jobs.Again(verdict.after_ms)
    template = _judged(loaded.subject.template, verdict, now_ms)
    if await store.decide(tx, template):
        await events.emit(tx, [Event(template.customer_id, TEMPLATES, template.id, _payload(template), now_ms)])
    return jobs.Done()


def _judged(template: Template, verdict: TemplateApproved | TemplateRejected, now_ms: int) -> Template:
    match verdict:
        case TemplateApproved(reference):
            return replace(template, status=APPROVED, review_reference=reference, updated_at_ms=now_ms)
        case TemplateRejected(reason):
            return replace(template, status=REJECTED, rejection_reason=reason, updated_at_ms=now_ms)
    assert_never(verdict)


def _payload(template: Template) -> dict[str, Any]:
    """Source: contract/webhooks.md, section 3, Payloads."""
    return {
        "account_id": template.customer_id,
        "template_id": template.id,
        "template_name": template.name,
        "whatsapp_template_id": template.review_reference,
        "status": template.status,
        "language": template.language,
        "category": template.category,
        "channel": WHATSAPP if WHATSAPP in template.channels else template.channels[0],
        "reason": template.rejection_reason,
    }
