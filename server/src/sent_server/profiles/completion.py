"""The last step of a profile's setup: checked in the request, done in the background, reported to a callback address.

A job does its work, writes the callback event and ends in one transaction, so that it happens exactly once even if a
process dies. After a filing the job remains and polls for the registry's decision.
"""

from collections.abc import Sequence
from dataclasses import replace

from sent_server import events, jobs
from sent_server.accounts import service as accounts
from sent_server.accounts import sharing
from sent_server.accounts.model import Account
from sent_server.bus import Bus
from sent_server.channels import service as channels
from sent_server.compliance import scope
from sent_server.compliance import service as compliance
from sent_server.compliance.model import Facts, Registration
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.events import Event
from sent_server.events.names import PROFILE_COMPLETED
from sent_server.http.caller import Caller
from sent_server.jobs import Backoff, Job, Kind, Local
from sent_server.kernel import ids, timestamps
from sent_server.kernel.channels import SMS, WHATSAPP
from sent_server.profiles import outcome, store
from sent_server.profiles.model import ProfileDetails, ProfileStatus
from sent_server.profiles.outcome import CompletionOutcome
from sent_server.profiles.store import Completion

KIND = "profile_completion"
REVIEW = "profile_review"
LEASE_MS = 30_000
RETRY_AFTER_MS = 30_000
BATCH = 20
LOOK_AGAIN_AFTER_MS = (1_000, 3_600_000)
OF_THE_ORGANIZATION = (
    "Completing this profile would file its organization's brand or campaigns for good; use a key of the organization"
)
NOT_MET = "The prerequisites of a complete profile are not met"
MESSAGES = {
    CompletionOutcome.COMPLETED: "The profile is complete",
    CompletionOutcome.SUBMITTED: "The profile was submitted for review",
    CompletionOutcome.FAILED: NOT_MET,
}
VERDICTS = {Registration.APPROVED: ProfileStatus.APPROVED, Registration.REJECTED: ProfileStatus.REJECTED}


async def check_filing(tx: Tx, caller: Caller, account: Account) -> None:
    """A filing is permanent, so only the organization's key may file its brand and campaigns. Raises AUTH_004."""
    if not caller.is_organization and await compliance.would_file_inherited(tx, account):
        raise ApiError("AUTH_004", OF_THE_ORGANIZATION)


async def start(tx: Tx, caller: Caller, profile_id: str, *, webhook_url: str, now_ms: int) -> bool:
    """Returns False if the profile is already complete.

    Raises RESOURCE_014, VALIDATION_001 with the missing prerequisites, and AUTH_004 like `check_filing`.
    """
    reached = await scope.profile(tx, caller, profile_id)
    account = await sharing.for_change(tx, reached.organization_id, reached.id)
    if account is None:
        raise ApiError("RESOURCE_014")
    if account.profile_status == ProfileStatus.APPROVED:
        return False
    _, lacking = await _look_at(tx, account)
    if lacking:
        raise ApiError("VALIDATION_001", NOT_MET, details=lacking)
    await check_filing(tx, caller, account)
    by_organization = caller.is_organization
    if not await store.under_way(tx, account.id, webhook_url, by_organization=by_organization):
        completion_id = ids.new_id(now_ms)
        await store.start(
            tx, account.id, completion_id, webhook_url=webhook_url, by_organization=by_organization, now_ms=now_ms
        )
        await jobs.enqueue(tx, [(completion_id, KIND, account.id, now_ms, now_ms)])
    return True


def kinds(bus: Bus) -> Sequence[Kind]:
    """The jobs of started completions, and of profiles that wait for the registry's decision."""

    async def complete(tx: Tx, job: Job, now_ms: int) -> jobs.Done | jobs.Again:
        outcome = await _complete(tx, job, now_ms)
        tx.after_commit(lambda: bus.hint(events.TOPIC))
        return outcome

    backoff = Backoff((RETRY_AFTER_MS,))
    return (
        Kind(KIND, LEASE_MS, Local(complete), backoff, BATCH),
        Kind(REVIEW, LEASE_MS, Local(_review), backoff, BATCH),
    )


async def _complete(tx: Tx, job: Job, now_ms: int) -> jobs.Done | jobs.Again:
    completion = await store.completion(tx, job.customer_id, job.id)
    account = await _locked(tx, job.customer_id)
    if completion is None or completion.finished_at_ms is not None or account is None:
        return jobs.Done()
    reached, waits = await _conclude(tx, account, completion, now_ms)
    await store.finish(tx, account.id, completion.id, outcome=reached, now_ms=now_ms)
    await events.emit(tx, [_told(account, completion, reached, now_ms)])
    return jobs.Again(LOOK_AGAIN_AFTER_MS[0], kind=REVIEW) if waits else jobs.Done()


async def _conclude(tx: Tx, account: Account, completion: Completion, now_ms: int) -> tuple[CompletionOutcome, bool]:
    """Returns the outcome, and whether the profile has to wait for the registry."""
    await compliance.hold(tx, account)
    facts, lacking = await _look_at(tx, account)
    if lacking:  # a prerequisite was removed since the request
        return CompletionOutcome.FAILED, False
    if not completion.by_organization and await compliance.would_file_inherited(tx, account):
        return (
            CompletionOutcome.FAILED,
            False,
        )  # the organization has added a draft since the request, which only the organization may file
    configured = (await channels.configured(tx, [(account.id, account.organization_id)]))[account.id]
    reached = outcome.decide(account, facts, has_channel=not {SMS, WHATSAPP}.isdisjoint(configured))
    await compliance.file(tx, account.id, now_ms=now_ms)
    if account.profile_status != ProfileStatus.APPROVED:
        await _set_status(tx, account, reached.status, now_ms)
    return reached, reached is CompletionOutcome.SUBMITTED and facts.is_tcr_application


async def _review(tx: Tx, job: Job, now_ms: int) -> jobs.Done | jobs.Again:
    completion = await store.completion(tx, job.customer_id, job.id)
    account = await _locked(tx, job.customer_id)
    if completion is None or account is None or account.profile_status != ProfileStatus.PENDING_REVIEW:
        return jobs.Done()
    registration = (await compliance.facts(tx, account.id)).registration
    if registration is Registration.PENDING:
        shortest_ms, longest_ms = LOOK_AGAIN_AFTER_MS
        wait_ms = min(longest_ms, max(shortest_ms, (now_ms - completion.started_at_ms) // 2))
        return jobs.Again(wait_ms)
    await _set_status(tx, account, VERDICTS.get(registration), now_ms)
    return jobs.Done()


async def _look_at(tx: Tx, account: Account) -> tuple[Facts, dict[str, list[str]]]:
    facts = await compliance.facts(tx, account.id)
    details = (await store.details(tx, [account.id])).get(account.id, ProfileDetails())
    return facts, outcome.lacking(account, details.billing_contact, facts)


async def _locked(tx: Tx, profile_id: str) -> Account | None:
    """Returns None for a deleted profile, which gets no event."""
    found = await accounts.look_up(tx, profile_id)
    return await sharing.for_change(tx, found.organization_id, found.id) if found else None


async def _set_status(tx: Tx, account: Account, status: ProfileStatus | None, now_ms: int) -> None:
    if status is not None:
        await sharing.change(tx, replace(account, profile_status=status, updated_at_ms=now_ms))


def _told(account: Account, completion: Completion, reached: CompletionOutcome, now_ms: int) -> Event:
    """Source: contract/webhooks.md, section 5."""
    payload = {
        "account_id": account.id,
        "profile_id": account.id,
        "status": reached.upper(),
        "success": reached is not CompletionOutcome.FAILED,
        "message": MESSAGES[reached],
        "updated_at": timestamps.iso_seconds(now_ms),
    }
    return Event(account.id, PROFILE_COMPLETED, account.id, payload, now_ms, completion.webhook_url)
