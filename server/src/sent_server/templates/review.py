"""Brings submitted templates to the reviewer and writes the verdict down, with the event that tells of it.

A job of this kind carries the template's id. Asking the first time submits; the job comes back until there is a
verdict.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import structlog

from sent_server import events, jobs
from sent_server.db import Database, Tx
from sent_server.events import Event
from sent_server.events.names import TEMPLATES
from sent_server.jobs import Job
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
from sent_server.ports.simulated_review import SimulatedReviewer
from sent_server.templates import derive, store, stored_form
from sent_server.templates.model import APPROVED, PENDING, REJECTED, Template

log = structlog.get_logger()
KIND = "template_review"
LEASE_MS = 30_000
AFTER_CRASH_MS = 30_000
BATCH = 50
_SIMULATED = SimulatedReviewer()


@value_object
class _Case:
    """`submission` None: there is nothing to review any more."""

    job: Job
    template: Template | None
    submission: TemplateSubmission | None


async def enqueue(tx: Tx, template: Template, *, now_ms: int) -> None:
    await jobs.enqueue(tx, [(template.id, KIND, template.customer_id, now_ms, now_ms)])


async def step(database: Database, clock: Clock, reviewer: Reviewer = _SIMULATED) -> bool:
    """Ask about one portion of the due submissions; the step of a `jobs.Worker`."""
    claimed_at_ms = clock.now_ms()
    cases = await database.write(lambda tx: _claim(tx, now_ms=claimed_at_ms))
    if not cases:
        return False
    decided = [(case, await _ask(reviewer, case, clock)) for case in cases]
    now_ms = clock.now_ms()
    if now_ms < claimed_at_ms + LEASE_MS:  # later, another worker may be asking already; this one's answers are void
        await database.write(lambda tx: _record(tx, decided, now_ms=now_ms))
    return True


async def _claim(tx: Tx, *, now_ms: int) -> list[_Case]:
    claimed = await jobs.claim(tx, KIND, now_ms=now_ms, lease_ms=LEASE_MS, count=BATCH)
    return [await _case(tx, job) for job in claimed]


async def _case(tx: Tx, job: Job) -> _Case:
    found = await store.by_id(tx, job.customer_id, job.id)
    if found is None or found[0].status != PENDING:
        return _Case(job, None, None)
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
    return _Case(job, template, submission)


async def _ask(reviewer: Reviewer, case: _Case, clock: Clock) -> Verdict | None:
    """None: nothing to ask. A reviewer that fails is asked again later, and holds up nobody else."""
    if case.submission is None:
        return None
    try:
        return await reviewer.review(case.submission, now_ms=clock.now_ms())
    except Exception:
        log.exception("template_review.failed", template_id=case.job.id)
        return TemplateUndecided(AFTER_CRASH_MS)


async def _record(tx: Tx, decided: Sequence[tuple[_Case, Verdict | None]], *, now_ms: int) -> None:
    finished: list[Job] = []
    told: list[Event] = []
    for case, verdict in decided:
        if isinstance(verdict, TemplateUndecided):
            await jobs.move(tx, [(KIND, now_ms + verdict.after_ms, case.job.id, case.job.fence)])
            continue
        finished.append(case.job)
        if case.template is None or verdict is None:
            continue
        template = _judged(case.template, verdict, now_ms)
        if await store.decide(tx, template):
            told.append(Event(template.customer_id, TEMPLATES, template.id, _payload(template), now_ms))
    await jobs.finish(tx, finished)
    await events.emit(tx, told)


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
        "channel": "whatsapp" if "whatsapp" in template.channels else template.channels[0],
        "reason": template.rejection_reason,
    }
