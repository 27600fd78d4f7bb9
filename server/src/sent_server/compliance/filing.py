"""Files brands and campaigns with the registry and records its decisions.

The job of a filing has the id of the brand or campaign, and is repeated until there is a decision. A campaign waits
for its brand, because the registry only accepts campaigns of registered brands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never, cast

from sent_server import jobs
from sent_server.accounts import service as accounts
from sent_server.compliance import inherited_brands, store
from sent_server.compliance.details import DetailPart
from sent_server.compliance.model import Brand, Campaign, FilingState
from sent_server.db import Tx
from sent_server.jobs import Backoff, External, Job, Kind, Loaded
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

BRANDS, CAMPAIGNS = "brand_filing", "campaign_filing"
LEASE_MS = 30_000
RETRY_AFTER_MS = 30_000
BRAND_WAIT_MS = 500
NO_BRAND = "The brand of this campaign is not registered"


@value_object
class _Case:
    """`question` is sent to the registry. A campaign whose brand is refused has an `answer` without a question."""

    subject: Brand | Campaign
    question: BrandFiling | CampaignFiling | None
    answer: Answer | None = None


async def file_brand(tx: Tx, brand: Brand, *, now_ms: int) -> Brand:
    """File a brand that has no job yet. Returns it as filed."""
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
    """File a campaign that has no job yet. Returns it as filed."""
    filed = replace(campaign, state=FilingState.FILED, rejection_reason=None, submitted_at_ms=now_ms)
    await store.update_campaign(tx, filed)
    await jobs.enqueue(tx, [(campaign.id, CAMPAIGNS, campaign.customer_id, now_ms, now_ms)])
    return filed


def kinds(registry: Registry, clock: Clock) -> Sequence[Kind]:
    """The jobs of filed brands and campaigns. A failed request is retried later."""

    async def ask(case: _Case) -> Answer:
        match case.question:
            case None:
                assert case.answer is not None
                return case.answer
            case BrandFiling():
                return await registry.brand(case.question, now_ms=clock.now_ms())
            case CampaignFiling():
                return await registry.campaign(case.question, now_ms=clock.now_ms())

    backoff = Backoff((RETRY_AFTER_MS,))
    return (
        Kind(BRANDS, LEASE_MS, External(_load_brand, ask, _record), backoff),
        Kind(CAMPAIGNS, LEASE_MS, External(_load_campaign, ask, _record), backoff),
    )


async def _load_brand(tx: Tx, job: Job) -> Loaded[_Case] | None:
    brand = await inherited_brands.own_brand(tx, job.customer_id)
    if brand is None or brand.id != job.id or brand.submitted_at_ms is None or brand.state is not FilingState.FILED:
        return None
    filing = BrandFiling(brand.customer_id, brand.id, _fields(brand.details), brand.submitted_at_ms)
    return Loaded(job, _Case(brand, filing))


async def _load_campaign(tx: Tx, job: Job) -> Loaded[_Case] | None:
    campaign = await store.campaign(tx, job.customer_id, job.id)
    account = await accounts.look_up(tx, job.customer_id)
    if (
        campaign is None
        or account is None
        or campaign.submitted_at_ms is None
        or campaign.state is not FilingState.FILED
    ):
        return None
    brand = await inherited_brands.brand_of(tx, account)
    if brand is not None and brand.state is FilingState.FILED:
        return Loaded(job, _Case(campaign, None, FilingPending(BRAND_WAIT_MS)))
    if brand is None or brand.reference is None:
        why = brand.rejection_reason if brand else None
        return Loaded(job, _Case(campaign, None, FilingRefused(f"{NO_BRAND}: {why}" if why else NO_BRAND)))
    samples = [(one.kind, one.sample_messages) for one in campaign.use_cases]
    fields = _fields(campaign.texts)
    filing = CampaignFiling(
        campaign.customer_id, campaign.id, brand.reference, fields, samples, campaign.submitted_at_ms
    )
    return Loaded(job, _Case(campaign, filing))


async def _record(tx: Tx, loaded: Loaded[_Case], answer: Answer, now_ms: int) -> jobs.Outcome:
    match answer:
        case FilingPending(after_ms):
            return jobs.Again(after_ms)
        case Registered() | FilingRefused():
            await _decide(tx, loaded.subject.subject, answer, now_ms)
            return jobs.Done()
    assert_never(answer)


async def _decide(tx: Tx, subject: Brand | Campaign, answer: Registered | FilingRefused, now_ms: int) -> None:
    match subject:
        case Brand(submitted_at_ms=int(asked_about_ms)):
            await store.decide_brand(tx, _judged_brand(subject, answer, now_ms), asked_about_ms=asked_about_ms)
        case Campaign(submitted_at_ms=int(asked_about_ms)):
            await store.decide_campaign(tx, _judged_campaign(subject, answer, now_ms), asked_about_ms=asked_about_ms)
        case _:
            raise AssertionError("only filed brands and campaigns have decisions")


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
    """The fields that have values, by dotted names."""
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
