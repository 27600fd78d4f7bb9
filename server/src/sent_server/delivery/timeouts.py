"""Expires legs without a final receipt: the next leg starts, or the message fails."""

from collections.abc import Sequence, Set

from sent_server.bus import Bus
from sent_server.db import Tx
from sent_server.delivery import attempt_store, failures, receipts, store
from sent_server.delivery.attempt_store import AttemptStateRow
from sent_server.delivery.message_updates import RECEIPT_TIMEOUT, MessageUpdates
from sent_server.jobs import Backoff, Job, Kind, LocalSet
from sent_server.messages.attempt_states import FAILED
from sent_server.messages.lifecycle import ENDED, LEG_RANK, on_leg_failed

LEASE_MS = 10_000
COUNT = 500
RETRY_AFTER_MS = 10_000


def kind(bus: Bus) -> Kind:
    """The job kind for legs that wait for a receipt. It is due when the receipt timeout ends."""

    async def handle(tx: Tx, due: Sequence[Job], now_ms: int) -> None:
        hints = await expire(tx, due, now_ms=now_ms)
        tx.after_commit(lambda: _hint(bus, hints))

    return Kind(RECEIPT_TIMEOUT, LEASE_MS, LocalSet(handle), Backoff((RETRY_AFTER_MS,)), COUNT)


async def expire(tx: Tx, claimed: Sequence[Job], *, now_ms: int) -> Set[str]:
    """Expire the legs of the claimed jobs. Returns the topics to hint."""
    keys = [(job.customer_id, job.id) for job in claimed]
    last = await attempt_store.last_of_leg(tx, keys)
    parked = await _apply_parked(tx, [attempt for attempt in last.values() if attempt.ref], now_ms)
    found = await store.load(tx, keys)
    changes = MessageUpdates(now_ms)
    raised: list[AttemptStateRow] = []
    for job in claimed:
        # A parked receipt was applied, which moved the job. Otherwise it is due again when our lease ends.
        if job.id in parked.message_ids:
            continue
        subject = found.get(job.id)
        if subject is None or subject.status in ENDED:
            changes.drop(job)
            continue
        attempt = last.get((subject.id, subject.leg_number))
        waited_ms = job.due_at_ms - (attempt.updated_at_ms if attempt else subject.created_at_ms)
        failure = failures.no_receipt(subject.planned_leg.channel, waited_ms=waited_ms)
        if attempt:
            key = subject.customer_id, subject.id, attempt.leg, attempt.number
            raised.append(
                AttemptStateRow(FAILED, "timeout", failure.reason, failure.sentence, now_ms, *key, LEG_RANK[FAILED])
            )
        changes.apply(subject, on_leg_failed(subject.progress, leg=subject.leg), failure=failure, job=job)
    await attempt_store.raise_state(tx, raised)
    await changes.write(tx)
    return parked.hints | changes.hints


def _hint(bus: Bus, topics: Set[str]) -> None:
    for topic in sorted(topics):
        bus.hint(topic)


async def _apply_parked(tx: Tx, waiting: list[attempt_store.Attempt], now_ms: int) -> receipts.AppliedReceipts:
    """Match parked receipts again. On PostgreSQL, a receipt and its submit may commit concurrently and not match."""
    applied = receipts.NOTHING_APPLIED
    for carrier in sorted({attempt.carrier for attempt in waiting}):
        refs = [attempt.ref for attempt in waiting if attempt.carrier == carrier and attempt.ref]
        more = await receipts.match_parked(tx, carrier, refs, now_ms=now_ms)
        applied = receipts.AppliedReceipts(applied.hints | more.hints, applied.message_ids | more.message_ids)
    return applied
