"""The dispatcher of a carrier: claims and prepares due messages, submits them and records the outcomes.

    claim, prepare (one transaction) -> submit (each message separately) -> record (one transaction for many outcomes)

Every submit has its own deadline and outcome, so a submit that hangs affects one message. Every carrier has its own
dispatcher, so a slow carrier does not delay the others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from sent_server import jobs
from sent_server.bus import Bus
from sent_server.carriers.base import Carrier, SubmitOutcome, Unknown
from sent_server.db import Database, StorageUnavailableError
from sent_server.db.failpoint import failpoint
from sent_server.delivery.outcomes import SubmitResults, record_outcomes
from sent_server.delivery.prepare import LEASE_MS, ClaimedBatch, PreparedSubmission, prepare
from sent_server.jobs import Job
from sent_server.kernel.clock import Clock
from sent_server.messages.topics import dispatch_to
from sent_server.outbound import LimitPolicy, OpenAttempts, OutcomeRecorder, TargetLimiter

log = structlog.get_logger()
BATCH_SIZE = 500
RECORDERS = 4
# Submits that are in flight, or have an outcome that is not recorded yet.
MAX_UNDER_WAY = 2_000
RENEW_EVERY_MS = LEASE_MS // 3
LOOK_AT_LEASES_EVERY_S = 1.0
SWEEP_EVERY_MS = 1_000
# This many ids at once are one customer's backlog. The next batch is claimed from all queues, for fairness.
CROWD = 100
STOP_WITHIN_S = 5
LOST = "the carrier did not answer in time"
STOPPED = "this process stopped before the carrier answered"
CRASHED = "crashed"


@dataclass(slots=True, eq=False)
class Lease:
    """The lease on the jobs of one claim, from `claimed_at_ms` on. They are renewed together. Times are monotonic."""

    claimed_at_ms: int
    jobs: int
    renew_at_ms: int
    expired: bool = False


Submit = tuple[PreparedSubmission, Lease]


@dataclass(slots=True)
class Dispatcher:
    database: Database
    clock: Clock
    bus: Bus
    carrier: Carrier
    receipt_timeout_ms: int
    _limiter: TargetLimiter = field(init=False)
    _submits: OpenAttempts[Submit] = field(init=False)
    _recorder: OutcomeRecorder[tuple[PreparedSubmission, SubmitOutcome]] = field(init=False)
    _renewing: asyncio.Task[None] | None = None
    _room_made: asyncio.Event = field(default_factory=asyncio.Event)
    _sweep_at_ms: int = 0
    _after_queue: str = ""

    def __post_init__(self) -> None:
        traits = self.carrier.traits
        self._limiter = TargetLimiter(LimitPolicy.fixed(traits.max_in_flight))
        self._submits = OpenAttempts(timeout_ms=traits.submit_timeout_ms, overdue=LOST, ended=self._ended)
        self._recorder = OutcomeRecorder(
            "dispatch",
            self._record,
            describe=lambda pair: {"carrier": self.carrier.name, "message_id": pair[0].job.id},
            at_once=BATCH_SIZE,
            writers=RECORDERS,
            settled=self._room_made.set,
        )

    async def step(self) -> bool:
        """Start due submits. Waits while there is no room, or while outcomes cannot be written to the database."""
        # During an outage, the leases of unrecorded outcomes expire. Claiming now would submit those messages again.
        while (room := self._room()) <= 0 or self._recorder.storage_down:
            self._room_made.clear()
            await self._room_made.wait()
        named = self._named()
        if len(named) > room:  # the sweep finds the rest at the head of the queue
            named, self._sweep_at_ms = named[:room], 0
        claimed_at_ms = self.clock.monotonic_ms()
        batch = await self.database.write(
            lambda tx: prepare(
                tx,
                self.carrier,
                named,
                now_ms=self.clock.now_ms(),
                count=min(room, BATCH_SIZE),
                receipt_timeout_ms=self.receipt_timeout_ms,
                after=self._after_queue,
            )
        )
        self._after_queue = batch.after
        if batch.prepared:
            failpoint("after_prepare_before_submit")
            self._start(batch, claimed_at_ms)
        if batch.throttled or len(named) >= CROWD:
            self._sweep_at_ms = 0
        return batch.claimed > 0 or batch.throttled or bool(named)

    async def stop(self) -> None:
        """Record the outcomes of open submits. A submit without a response by then counts as unknown."""
        await self._submits.stop(within_s=STOP_WITHIN_S, reason=STOPPED)
        await self._recorder.stop(within_s=STOP_WITHIN_S)
        if self._renewing:
            self._renewing.cancel()

    def _room(self) -> int:
        """How many submits may start now."""
        name = self.carrier.name
        shares = self._limiter.share([name], now_ms=self.clock.monotonic_ms())
        return min(shares.get(name, 0), MAX_UNDER_WAY - len(self._submits) - self._recorder.held)

    def _named(self) -> Sequence[str]:
        """The ids that the bus has for this process. Empty when a sweep for lost ids is due."""
        now_ms = self.clock.monotonic_ms()
        named = self.bus.take(dispatch_to(self.carrier.name)) if now_ms < self._sweep_at_ms else ()
        if not named:
            self._sweep_at_ms = now_ms + SWEEP_EVERY_MS
        return named

    def _start(self, batch: ClaimedBatch, claimed_at_ms: int) -> None:
        now_ms = self.clock.monotonic_ms()
        lease = Lease(claimed_at_ms, batch.claimed, claimed_at_ms + RENEW_EVERY_MS)
        for prepared in batch.prepared:
            self._limiter.open(self.carrier.name, _claim_id(prepared.job), now_ms=now_ms)
            self._submits.start((prepared, lease), self._submit(prepared, lease))
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._keep_leases(), name=f"leases-{self.carrier.name}")

    async def _submit(self, prepared: PreparedSubmission, lease: Lease) -> None:
        """Submit one message and pass the outcome to the recorder."""
        try:
            if self._has_expired(lease):
                return
            outcome: SubmitOutcome = await self.carrier.submit(prepared.submission)
        except asyncio.CancelledError as cancelled:
            outcome = Unknown(str(cancelled) or LOST)
        except Exception:
            log.exception("dispatch.crashed", carrier=self.carrier.name, message_id=prepared.job.id)
            outcome = Unknown(CRASHED)
        failpoint("after_submit_before_record")
        self._recorder.add((prepared, outcome))

    def _ended(self, submit: Submit) -> None:
        self._limiter.close(self.carrier.name, _claim_id(submit[0].job), now_ms=self.clock.monotonic_ms(), ok=True)
        self._room_made.set()

    def _has_expired(self, lease: Lease) -> bool:
        """Whether the lease ran out, as when this process was suspended. Another process may have the jobs."""
        if self.clock.monotonic_ms() - lease.claimed_at_ms <= LEASE_MS:
            return False
        if not lease.expired:
            lease.expired = True
            log.warning("dispatch.lease_expired", carrier=self.carrier.name, jobs=lease.jobs)
        return True

    async def _record(self, pairs: Sequence[tuple[PreparedSubmission, SubmitOutcome]]) -> None:
        # Built again for each try, because the receipt timeout starts when the outcome is recorded.
        answered = SubmitResults(
            self.carrier.name,
            self.carrier.traits.takes_idempotency_key,
            pairs,
            self.receipt_timeout_ms,
            self.clock.now_ms(),
        )
        hints = await self.database.write_batched(record_outcomes, answered, weight=len(pairs))
        for topic in sorted(hints):
            self.bus.hint(topic)

    async def _keep_leases(self) -> None:
        """Renew the leases of open submits."""
        while self._submits:
            await asyncio.sleep(LOOK_AT_LEASES_EVERY_S)
            now_ms = self.clock.monotonic_ms()
            due = [(prepared.job, lease) for prepared, lease in self._submits if lease.renew_at_ms <= now_ms]
            if due:
                await self._renew([job for job, _ in due])
                for _, lease in due:
                    lease.renew_at_ms = now_ms + RENEW_EVERY_MS

    async def _renew(self, held: Sequence[jobs.Job]) -> None:
        try:
            await self.database.write(lambda tx: jobs.renew(tx, held, now_ms=self.clock.now_ms(), lease_ms=LEASE_MS))
        except StorageUnavailableError as error:
            log.warning("dispatch.lease_not_renewed", carrier=self.carrier.name, error=str(error))
        except Exception:
            log.exception("dispatch.lease_not_renewed", carrier=self.carrier.name)


def _claim_id(job: Job) -> str:
    """One claim of a job. A process may claim it again while its own late submit is still open."""
    return f"{job.id}:{job.fence}"
