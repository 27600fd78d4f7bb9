"""Legs whose carrier never said what became of them: the next leg goes, or the message has failed."""

from dataclasses import dataclass

from sent_server import jobs
from sent_server.bus import Bus
from sent_server.db import Database, Tx
from sent_server.db.database import Row
from sent_server.delivery import attempts, receipts
from sent_server.delivery import subject as subjects
from sent_server.delivery.changes import RECEIPT_TIMEOUT, Changes
from sent_server.kernel.clock import Clock
from sent_server.messages.lifecycle import LEG_RANK, REACHED, on_leg_failed

LEASE_MS = 10_000
COUNT = 500
REASON = "No delivery receipt arrived in time"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The worker that looks for them."""

    database: Database
    clock: Clock
    bus: Bus

    async def step(self) -> bool:
        count, hints = await self.database.write(lambda tx: expire(tx, now_ms=self.clock.now_ms()))
        for topic in hints:
            self.bus.hint(topic)
        return count > 0


async def expire(tx: Tx, *, now_ms: int) -> tuple[int, set[str]]:
    """Handle what is due. Returns how many jobs were, and the topics to hint."""
    claimed = await jobs.claim(tx, RECEIPT_TIMEOUT, now_ms=now_ms, lease_ms=LEASE_MS, count=COUNT)
    if not claimed:
        return 0, set()
    keys = [(job.customer_id, job.id) for job in claimed]
    last = await attempts.last_of_leg(tx, keys)
    hints = await _apply_parked(tx, [attempt for attempt in last.values() if attempt.ref], now_ms)
    found = await subjects.load(tx, keys)
    changes = Changes(now_ms)
    raised: list[Row] = []
    for job in claimed:
        subject = found.get(job.id)
        if subject is None or subject.status in REACHED or subject.status == "FAILED":
            changes.drop(job)
            continue
        attempt = last.get((subject.id, subject.leg))
        if attempt:
            raised.append((
                "FAILED", "timeout", now_ms, subject.customer_id, subject.id, attempt.leg, attempt.number,
                LEG_RANK["FAILED"],
            ))  # fmt: skip
        changes.apply(subject, on_leg_failed(subject.standing, leg=subject.leg), reason=REASON, job=job)
    await attempts.raise_state(tx, raised)
    await changes.write(tx)
    return len(claimed), hints | changes.hints


async def _apply_parked(tx: Tx, waiting: list[attempts.Attempt], now_ms: int) -> set[str]:
    """On PostgreSQL a receipt and its submit answer may commit side by side and miss each other; look again."""
    hints: set[str] = set()
    for carrier in sorted({attempt.carrier for attempt in waiting}):
        refs = [attempt.ref for attempt in waiting if attempt.carrier == carrier and attempt.ref]
        hints |= await receipts.match_parked(tx, carrier, refs, now_ms=now_ms)
    return hints
