"""The dispatcher of one carrier: prepare a batch, submit it, write down what happened.

Several portions are under way at once, so that a slow submit does not keep the next ones from starting; each carrier
has a dispatcher of its own, so that a slow carrier delays nobody else.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from sent_server import jobs
from sent_server.bus import Bus
from sent_server.carriers.base import Carrier, Submission, SubmitOutcome, Unknown
from sent_server.db import Database, StorageUnavailableError, write_with_retry
from sent_server.db.failpoint import failpoint
from sent_server.delivery.outcomes import SubmitResults, record_outcomes
from sent_server.delivery.prepare import LEASE_MS, ClaimedBatch, PreparedSubmission, prepare
from sent_server.kernel.clock import Clock
from sent_server.messages.accept import DISPATCH

log = structlog.get_logger()
BATCH_SIZE = 500
MAX_BATCHES_IN_FLIGHT = 4
SUBMIT_TIMEOUT_MS = 20_000
RENEW_EVERY_S = LEASE_MS / 3_000
SWEEP_EVERY_MS = 1_000
# So many ids at once are somebody's backlog: the next batch goes around all queues, whoever named it first.
CROWD = 100
STOP_WITHIN_S = 5
LOST = "the carrier did not answer in time"
STOPPED = "this process stopped before the carrier answered"


@dataclass(slots=True)
class Dispatcher:
    database: Database
    clock: Clock
    bus: Bus
    carrier: Carrier
    receipt_timeout_ms: int
    _in_flight: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _submits: set[asyncio.Task[Sequence[SubmitOutcome]]] = field(
        default_factory=set[asyncio.Task[Sequence[SubmitOutcome]]]
    )
    _sweep_at_ms: int = 0
    _storage_down: int = 0
    _after_queue: str = ""

    async def step(self) -> bool:
        """Start one batch; waits while too many are under way, or answers for the database to come back."""
        # After an outage the leases of what they are about have run out: we would ask for our own messages again.
        while len(self._in_flight) >= MAX_BATCHES_IN_FLIGHT or self._storage_down:
            await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
        named = self._named()
        claimed_at_ms = self.clock.monotonic_ms()
        batch = await self.database.write(
            lambda tx: prepare(
                tx,
                self.carrier,
                named,
                now_ms=self.clock.now_ms(),
                count=BATCH_SIZE,
                receipt_timeout_ms=self.receipt_timeout_ms,
                after=self._after_queue,
            )
        )
        self._after_queue = batch.after
        if batch.prepared:
            failpoint("after_prepare_before_submit")
            task = asyncio.create_task(self._submit_batch(batch, claimed_at_ms), name=f"submit-{self.carrier.name}")
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
        if batch.throttled or len(named) >= CROWD:
            self._sweep_at_ms = 0
        return batch.claimed > 0 or batch.throttled or bool(named)

    async def stop(self) -> None:
        """Let what is under way be written down; what no carrier has answered by then counts as unknown."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=STOP_WITHIN_S)
        for submit in self._submits:
            submit.cancel(STOPPED)
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=STOP_WITHIN_S)

    def _named(self) -> Sequence[str]:
        """The ids that the bus has for us; none when it is time to sweep up what it forgot."""
        now_ms = self.clock.monotonic_ms()
        named = self.bus.take(DISPATCH + self.carrier.name) if now_ms < self._sweep_at_ms else ()
        if not named:
            self._sweep_at_ms = now_ms + SWEEP_EVERY_MS
        return named

    async def _submit_batch(self, batch: ClaimedBatch, claimed_at_ms: int) -> None:
        if self.clock.monotonic_ms() - claimed_at_ms > LEASE_MS:
            # This process slept through its lease: somebody else has the jobs.
            log.warning("dispatch.lease_expired", carrier=self.carrier.name, jobs=batch.claimed)
            return
        try:
            outcomes = await self._submit(batch)
            failpoint("after_submit_before_record")
            hints = await self._record(list(zip(batch.prepared, outcomes, strict=True)))
        except Exception:
            # The leases run out, and the attempts are taken up again from their rows.
            log.exception("dispatch.crashed", carrier=self.carrier.name)
            return
        for topic in sorted(hints):
            self.bus.hint(topic)

    async def _record(self, pairs: Sequence[tuple[PreparedSubmission, SubmitOutcome]]) -> set[str]:
        async def write() -> set[str]:
            # Built anew for each try: the time to wait for a receipt begins when it is written down.
            answered = SubmitResults(
                self.carrier.name,
                self.carrier.takes_idempotency_key,
                pairs,
                self.receipt_timeout_ms,
                self.clock.now_ms(),
            )
            return await self.database.write_batched(record_outcomes, answered, weight=len(pairs))

        try:
            return await write()
        except StorageUnavailableError:
            self._storage_down += 1
        try:
            return await write_with_retry(write)
        finally:
            self._storage_down -= 1

    async def _submit(self, batch: ClaimedBatch) -> list[SubmitOutcome]:
        """What the carrier answered; keeps the leases while it thinks."""
        submissions = [prepared.submission for prepared in batch.prepared]
        submit = asyncio.create_task(_asked(self.carrier, submissions))
        self._submits.add(submit)
        deadline_ms = self.clock.monotonic_ms() + SUBMIT_TIMEOUT_MS
        try:
            while not (await asyncio.wait({submit}, timeout=RENEW_EVERY_S))[0]:
                if self.clock.monotonic_ms() >= deadline_ms:
                    submit.cancel(LOST)
                    await asyncio.wait({submit})
                else:
                    await self._renew(batch)
            return list(submit.result())
        except asyncio.CancelledError as cancelled:
            return [Unknown(str(cancelled) or LOST) for _ in submissions]
        finally:
            self._submits.discard(submit)

    async def _renew(self, batch: ClaimedBatch) -> None:
        held = [prepared.job for prepared in batch.prepared]
        try:
            await self.database.write(lambda tx: jobs.renew(tx, held, now_ms=self.clock.now_ms(), lease_ms=LEASE_MS))
        except StorageUnavailableError as error:
            log.warning("dispatch.lease_not_renewed", carrier=self.carrier.name, error=str(error))


async def _asked(carrier: Carrier, submissions: Sequence[Submission]) -> Sequence[SubmitOutcome]:
    return await carrier.submit(submissions)
