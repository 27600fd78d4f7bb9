"""Brings brands and campaigns to the registry and writes down what it says.

A job carries the id of its brand or campaign and comes back until there is an answer. A campaign waits here for its
brand: the registry takes it only under a registered one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never, cast

import structlog

from sent_server import jobs
from sent_server.accounts import service as accounts
from sent_server.compliance import inherited_brands, store
from sent_server.compliance.details import DetailPart
from sent_server.compliance.model import Brand, Campaign, FilingState
from sent_server.db import Database, Tx
from sent_server.jobs import Job
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object
from sent_server.ports.registry import (
    Answer,
    BrandFiling,
    CampaignFiling,
    FilingPending,
    FilingRefused,
    Registered,
    Registry,
)
from sent_server.ports.simulated_registry import SimulatedRegistry

log = structlog.get_logger()
BRANDS, CAMPAIGNS = "brand_filing", "campaign_filing"
KINDS = (BRANDS, CAMPAIGNS)
LEASE_MS = 30_000
AFTER_CRASH_MS = 30_000
BRAND_WAIT_MS = 500
BATCH = 50
NO_BRAND = "The brand of this campaign is not registered"
_SIMULATED = SimulatedRegistry()
Question = BrandFiling | CampaignFiling


@value_object
class _Case:
    """`question` goes to the registry; a case without one has its `answer` already, or nothing to answer (None)."""

    job: Job
    subject: Brand | Campaign | None = None
    question: Question | None = None
    answer: Answer | None = None


async def file_brand(tx: Tx, brand: Brand, *, now_ms: int) -> Brand:
    """Fix a brand and hand it over; it has no job yet."""
    filed = replace(
        brand,
        state=FilingState.FILED,
        identity_status="SELF_DECLARED",
        rejection_reason=None,
        submitted_at_ms=now_ms,
    )
    await store.update_brand(tx, filed)
    await jobs.enqueue(tx, [(brand.id, BRANDS, brand.customer_id, now_ms, now_ms)])
    return filed


async def file_campaign(tx: Tx, campaign: Campaign, *, now_ms: int) -> Campaign:
    """Fix a campaign and hand it over; it has no job yet."""
    filed = replace(campaign, state=FilingState.FILED, rejection_reason=None, submitted_at_ms=now_ms)
    await store.update_campaign(tx, filed)
    await jobs.enqueue(tx, [(campaign.id, CAMPAIGNS, campaign.customer_id, now_ms, now_ms)])
    return filed


async def step(database: Database, clock: Clock, registry: Registry = _SIMULATED) -> bool:
    """Ask about one portion of what is filed; the step of a `jobs.Worker`."""
    busy = [await _step(database, clock, registry, kind) for kind in KINDS]
    return any(busy)


async def _step(database: Database, clock: Clock, registry: Registry, kind: str) -> bool:
    claimed_at_ms = clock.now_ms()
    cases = await database.write(lambda tx: _claim(tx, kind, now_ms=claimed_at_ms))
    if not cases:
        return False
    answered = [(case, await _ask(registry, case, clock)) for case in cases]
    now_ms = clock.now_ms()
    if now_ms < claimed_at_ms + LEASE_MS:  # later, another worker may be asking already; this one's answers are void
        await database.write(lambda tx: _record(tx, answered, now_ms=now_ms))
    return True


async def _claim(tx: Tx, kind: str, *, now_ms: int) -> list[_Case]:
    claimed = await jobs.claim(tx, kind, now_ms=now_ms, lease_ms=LEASE_MS, count=BATCH)
    load = _brand_case if kind == BRANDS else _campaign_case
    return [await load(tx, job) for job in claimed]


async def _brand_case(tx: Tx, job: Job) -> _Case:
    brand = await inherited_brands.own_brand(tx, job.customer_id)
    if brand is None or brand.id != job.id or brand.submitted_at_ms is None or brand.state is not FilingState.FILED:
        return _Case(job)
    return _Case(job, brand, BrandFiling(brand.customer_id, brand.id, _fields(brand.details), brand.submitted_at_ms))


async def _campaign_case(tx: Tx, job: Job) -> _Case:
    campaign = await store.campaign(tx, job.customer_id, job.id)
    account = await accounts.look_up(tx, job.customer_id)
    if (
        campaign is None
        or account is None
        or campaign.submitted_at_ms is None
        or campaign.state is not FilingState.FILED
    ):
        return _Case(job)
    brand = await inherited_brands.brand_of(tx, account)
    if brand is not None and brand.state is FilingState.FILED:
        return _Case(job, campaign, answer=FilingPending(BRAND_WAIT_MS))
    if brand is None or brand.reference is None:
        why = brand.rejection_reason if brand else None
        return _Case(job, campaign, answer=FilingRefused(f"{NO_BRAND}: {why}" if why else NO_BRAND))
    samples = [(one.kind, one.sample_messages) for one in campaign.use_cases]
    fields = _fields(campaign.texts)
    filing = CampaignFiling(
        campaign.customer_id, campaign.id, brand.reference, fields, samples, campaign.submitted_at_ms
    )
    return _Case(job, campaign, filing)


async def _ask(registry: Registry, case: _Case, clock: Clock) -> Answer | None:
    """A registry that fails is asked again later, and holds up nobody else."""
    try:
        match case.question:
            case None:
                return case.answer
            case BrandFiling():
                return await registry.brand(case.question, now_ms=clock.now_ms())
            case CampaignFiling():
                return await registry.campaign(case.question, now_ms=clock.now_ms())
    except Exception:
        log.exception("registry.failed", kind=case.job.kind, id=case.job.id)
        return FilingPending(AFTER_CRASH_MS)


async def _record(tx: Tx, answered: Sequence[tuple[_Case, Answer | None]], *, now_ms: int) -> None:
    finished: list[Job] = []
    for case, answer in answered:
        match answer:
            case FilingPending(after_ms):
                await jobs.move(tx, [(case.job.kind, now_ms + after_ms, case.job.id, case.job.fence)])
            case Registered() | FilingRefused():
                finished.append(case.job)
                await _decide(tx, case.subject, answer, now_ms)
            case None:
                finished.append(case.job)
            case _:
                assert_never(answer)
    await jobs.finish(tx, finished)


async def _decide(tx: Tx, subject: Brand | Campaign | None, answer: Registered | FilingRefused, now_ms: int) -> None:
    match subject:
        case Brand(submitted_at_ms=int(asked_about_ms)):
            await store.decide_brand(tx, _judged_brand(subject, answer, now_ms), asked_about_ms=asked_about_ms)
        case Campaign(submitted_at_ms=int(asked_about_ms)):
            await store.decide_campaign(tx, _judged_campaign(subject, answer, now_ms), asked_about_ms=asked_about_ms)
        case _:
            raise AssertionError("only what was filed is answered")


def _judged_brand(brand: Brand, answer: Registered | FilingRefused, now_ms: int) -> Brand:
    match answer:
        case Registered():
            return replace(
                brand,
                state=FilingState.REGISTERED,
                reference=answer.reference,
                csp_id=answer.csp_id,
                identity_status=answer.identity_status,
                universal_ein=answer.universal_ein,
                updated_at_ms=now_ms,
            )
        case FilingRefused(reason):
            return replace(
                brand,
                state=FilingState.REJECTED,
                identity_status="UNVERIFIED",
                rejection_reason=reason,
                submitted_at_ms=None,
                updated_at_ms=now_ms,
            )


def _judged_campaign(campaign: Campaign, answer: Registered | FilingRefused, now_ms: int) -> Campaign:
    match answer:
        case Registered():
            return replace(
                campaign,
                state=FilingState.REGISTERED,
                reference=answer.reference,
                csp_id=answer.csp_id,
                updated_at_ms=now_ms,
            )
        case FilingRefused(reason):
            return replace(
                campaign,
                state=FilingState.REJECTED,
                rejection_reason=reason,
                submitted_at_ms=None,
                updated_at_ms=now_ms,
            )


def _fields(part: DetailPart) -> Mapping[str, str]:
    """What is filled in, by dotted names."""
    return dict(_leaves(part, ""))


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case DetailPart():
            for field, inner in value:
                yield from _leaves(inner, f"{name}.{field}" if name else field)
        case list():
            for position, inner in enumerate(cast(list[Any], value)):
                yield from _leaves(inner, f"{name}.{position}")
        case _:
            yield name, str(value)
