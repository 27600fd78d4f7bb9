"""Turns due jobs into submissions: claims them, checks consent again and writes the attempt rows."""

from collections.abc import Iterable, Mapping, Sequence

from sent_server.carriers.base import Carrier, Submission
from sent_server.contacts import service as contacts
from sent_server.db import Tx
from sent_server.delivery import attempt_store, failures, fair_claim, store
from sent_server.delivery.attempt_store import Attempt, AttemptResultRow, AttemptRow, AttemptStateRow
from sent_server.delivery.failures import Failure
from sent_server.delivery.message_state import MessageState
from sent_server.delivery.message_updates import MessageUpdates
from sent_server.jobs import Job
from sent_server.kernel import channels
from sent_server.kernel.channels import LABELS
from sent_server.kernel.values import value_object
from sent_server.messages import attempt_states, window
from sent_server.messages.lifecycle import ENDED, LEG_RANK, on_leg_failed, on_leg_refused, on_refused
from sent_server.messages.window import Windows
from sent_server.pricing.card import SERVICE

# Another worker takes over a dead worker's jobs after this long. A live worker renews them (delivery/dispatch.py).
LEASE_MS = 12_000
MAX_ATTEMPTS_PER_LEG = 8
MAX_CLAIMS = 50
# After a lost response, messages that people wait for are retried; marketing is not. Source: docs/decisions/0032.
# A text is part of a conversation.
RETRIED_WHEN_UNKNOWN = frozenset({"AUTHENTICATION", "UTILITY", SERVICE})


@value_object
class PreparedSubmission:
    """A submission with its job and the number of its attempt. `leg` is numbered over all rounds."""

    job: Job
    submission: Submission
    leg: int
    attempt: int
    category: str | None


@value_object
class ClaimedBatch:
    """`after` is the last queue served. `throttled`: the limits left out due jobs."""

    claimed: int
    prepared: Sequence[PreparedSubmission]
    after: str = ""
    throttled: bool = False


async def prepare(
    tx: Tx,
    carrier: Carrier,
    named: Sequence[str] = (),
    *,
    now_ms: int,
    count: int,
    receipt_timeout_ms: int,
    after: str = "",
) -> ClaimedBatch:
    """Lease the named jobs of this carrier, or else up to `count` due jobs fairly, and prepare their submissions."""
    if named:
        claimed, throttled = await fair_claim.take_named(tx, carrier, named, now_ms=now_ms, lease_ms=LEASE_MS)
    else:
        claimed, after, throttled = await fair_claim.take(
            tx, carrier, after=after, now_ms=now_ms, lease_ms=LEASE_MS, count=count
        )
    if not claimed:
        return ClaimedBatch(0, (), after, throttled)
    found = await store.load(tx, [(job.customer_id, job.id) for job in claimed])
    blocked = await _opted_out(tx, found.values())
    # On the first claim of a job, its leg has no attempt, unless the message fell back.
    earlier = await attempt_store.last_of_leg(
        tx, [(job.customer_id, job.id) for job in claimed if job.fence > 1 or _fell_back(found.get(job.id))]
    )
    windows = await _windows(tx, found.values(), now_ms=now_ms)
    changes = MessageUpdates(now_ms)
    prepared: list[PreparedSubmission] = []
    rows: list[AttemptRow] = []
    lost: list[AttemptResultRow] = []
    ended: list[AttemptStateRow] = []
    for job in claimed:
        subject = found.get(job.id)
        if subject is None or subject.status in ENDED:
            changes.drop(job)
            continue
        if (subject.customer_id, subject.phone) in blocked and not subject.plan.is_system:
            failure = failures.opted_out()
            step = on_refused(subject.progress, subject.refused_as(failure.reason))
            changes.apply(subject, step, failure=failure, job=job)
            continue
        previous = earlier.get((subject.id, subject.leg_number))
        # A submit without an answer is repeated even so: the carrier may have taken it in time.
        if _is_closed(subject, windows) and (previous is None or previous.state == attempt_states.LATER):
            failure = failures.window_closed()
            if previous:
                ended.append(_ended_row(subject, previous, failure, now_ms))
                step = on_leg_failed(subject.progress, leg=subject.leg)
            else:
                step = on_leg_refused(subject.progress, subject.refused_as(failure.reason))
            changes.apply(subject, step, failure=failure, job=job)
            continue
        if previous and previous.state == attempt_states.SUBMITTING and not carrier.traits.takes_idempotency_key:
            lost.append(_lost_row(subject, previous, now_ms))
        number = _next_number(previous, subject, carrier) if job.fence <= MAX_CLAIMS else None
        if number is None:
            changes.wait_for_receipt(job, receipt_timeout_ms)
        elif number > MAX_ATTEMPTS_PER_LEG or _put_off_too_often(previous, subject, job):
            failure = failures.not_taken(subject.planned_leg.channel, attempts=MAX_ATTEMPTS_PER_LEG)
            if previous:
                ended.append(_ended_row(subject, previous, failure, now_ms))
            step = on_leg_failed(subject.progress, leg=subject.leg)
            changes.apply(subject, step, failure=failure, job=job)
        else:
            if previous is None or number != previous.number:
                leg = subject.planned_leg
                key = subject.customer_id, subject.id, subject.leg_number, number
                rows.append(AttemptRow(*key, leg.channel, carrier.name, now_ms, now_ms))
            if previous is None:
                before = earlier.get((subject.id, subject.leg_number - 1)) if subject.leg else None
                changes.start_leg(subject, why=before.detail if before else _passed_over(subject))
            prepared.append(_prepared(job, subject, number))
    await attempt_store.record(tx, lost)
    await attempt_store.raise_state(tx, ended)
    await attempt_store.insert(tx, rows)
    await changes.write(tx)
    return ClaimedBatch(len(claimed), prepared, after, throttled)


def _fell_back(subject: MessageState | None) -> bool:
    return subject is not None and subject.leg > 0


async def _opted_out(tx: Tx, found: Iterable[MessageState]) -> set[tuple[str, str]]:
    by_customer: dict[str, list[str]] = {}
    for subject in found:
        by_customer.setdefault(subject.customer_id, []).append(subject.phone)
    return {
        (customer_id, phone)
        for customer_id, phones in by_customer.items()
        for phone in await contacts.opted_out(tx, customer_id, phones)
    }


async def _windows(tx: Tx, found: Iterable[MessageState], *, now_ms: int) -> dict[str, Windows]:
    """By customer, when the contacts of texts that need it wrote last. Other messages cost no statement."""
    asked: dict[str, set[str]] = {}
    for subject in found:
        if subject.status not in ENDED and subject.plan.needs_window(subject.planned_leg.channel):
            asked.setdefault(subject.customer_id, set()).add(subject.contact_id)
    return {
        customer_id: await window.recent(tx, customer_id, sorted(contact_ids), now_ms=now_ms)
        for customer_id, contact_ids in sorted(asked.items())
    }


def _is_closed(subject: MessageState, windows: Mapping[str, Windows]) -> bool:
    channel = subject.planned_leg.channel
    if not subject.plan.needs_window(channel):
        return False
    heard = windows[subject.customer_id].get(subject.contact_id, window.NOTHING_HEARD)
    return channel in window.closed(heard, needs_conversation=subject.plan.needs_conversation)


def _passed_over(subject: MessageState) -> str | None:
    """How a leg that was never submitted ended: its window had closed."""
    if subject.leg == 0:
        return None
    skipped = subject.plan.legs[subject.leg - 1].channel
    if not subject.plan.needs_window(skipped):
        return None
    return f"{LABELS[skipped]} was passed over: {failures.window_closed().text}"


def _next_number(previous: Attempt | None, subject: MessageState, carrier: Carrier) -> int | None:
    """The number of the attempt to make now. None if only a receipt can settle the leg."""
    if previous is None:
        return 1
    match previous.state:
        case attempt_states.SUBMITTING | attempt_states.UNKNOWN | attempt_states.LATER if (
            carrier.traits.takes_idempotency_key
        ):
            # Repeat the same attempt, which the carrier sends once. This includes a deferred attempt, because a
            # suspended process may still send its request (make simulate, seed 7692).
            return previous.number
        case attempt_states.SUBMITTING | attempt_states.UNKNOWN:
            return previous.number + 1 if subject.category in RETRIED_WHEN_UNKNOWN else None
        case attempt_states.LATER:
            return previous.number + 1
        case _:
            return None


def _put_off_too_often(previous: Attempt | None, subject: MessageState, job: Job) -> bool:
    """A repeated attempt keeps its number, so the claims of its job are counted."""
    return (
        previous is not None
        and previous.state == attempt_states.LATER
        and job.fence > MAX_ATTEMPTS_PER_LEG * (subject.leg + 1)
    )


def _lost_row(subject: MessageState, previous: Attempt, now_ms: int) -> AttemptResultRow:
    key = subject.customer_id, subject.id, previous.leg, previous.number
    return AttemptResultRow(attempt_states.UNKNOWN, None, "crashed", None, None, now_ms, *key)


def _ended_row(subject: MessageState, previous: Attempt, failure: Failure, now_ms: int) -> AttemptStateRow:
    key = subject.customer_id, subject.id, previous.leg, previous.number
    return AttemptStateRow(
        attempt_states.FAILED,
        failure.code,
        failure.reason,
        failure.sentence,
        now_ms,
        *key,
        LEG_RANK[attempt_states.FAILED],
    )


def _prepared(job: Job, subject: MessageState, number: int) -> PreparedSubmission:
    leg = subject.planned_leg
    submission = Submission(
        attempt_id=attempt_store.attempt_id(subject.id, subject.leg_number, number),
        customer_id=subject.customer_id,
        message_id=subject.id,
        channel=channels.BY_NAME[leg.channel],
        sender=leg.sender,
        recipient=subject.phone,
        content=subject.content,
    )
    return PreparedSubmission(job, submission, subject.leg_number, number, subject.category)
