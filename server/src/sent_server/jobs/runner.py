"""The loop of a kind of job: claim due jobs, run the step, record the result.

A job that crashes is backed off, and does not affect the others.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import assert_never

import structlog

from sent_server.bus import Bus
from sent_server.db import Database, StorageUnavailableError, Tx
from sent_server.jobs import fair, store
from sent_server.jobs.external import ExternalCalls
from sent_server.jobs.kinds import Again, Done, External, Kind, Local, LocalSet
from sent_server.jobs.store import Job, MoveRow
from sent_server.jobs.worker import Worker
from sent_server.kernel.clock import Clock

log = structlog.get_logger()


class Runner:
    """Runs the jobs of one kind in one process. Hints on the topic with the name of the kind wake it."""

    def __init__(self, kind: Kind, database: Database, clock: Clock, bus: Bus) -> None:
        self._kind = kind
        self._database = database
        self._clock = clock
        self._external: ExternalCalls | None = None
        match kind.step:
            case External():
                self._external = ExternalCalls(kind, kind.step, database, clock)
                self.step: Callable[[], Awaitable[bool]] = self._external.step
            case Local() as local:
                self.step = lambda: self._write(lambda tx, jobs, now_ms: self._one_by_one(tx, local, jobs, now_ms))
            case LocalSet() as together:
                self.step = lambda: self._write(lambda tx, jobs, now_ms: self._as_set(tx, together, jobs, now_ms))
            case None:
                raise ValueError(f"jobs of the kind {kind.name!r} have an engine of their own")
            case _:
                assert_never(kind.step)
        self._after_queue = ""
        self._worker = Worker(kind.name, bus, self.step, poll_ms=kind.poll_ms, batch_delay_ms=kind.batch_delay_ms)

    def start(self) -> None:
        self._worker.start()

    async def stop(self) -> None:
        """Claim nothing more, and record the work in progress."""
        await self._worker.stop()
        if self._external:
            await self._external.stop()

    async def _write(self, handle: Callable[[Tx, Sequence[Job], int], Awaitable[None]]) -> bool:
        now_ms = self._clock.now_ms()

        async def claim_and_handle(tx: Tx) -> bool:
            claimed = await self._claim(tx, now_ms)
            if claimed:
                await handle(tx, claimed, now_ms)
            return bool(claimed)

        return await self._database.write(claim_and_handle)

    async def _claim(self, tx: Tx, now_ms: int) -> Sequence[Job]:
        kind = self._kind
        if not kind.has_queues:
            return await store.claim(tx, kind.name, now_ms=now_ms, lease_ms=kind.lease_ms, count=kind.batch)
        claimed, self._after_queue = await fair.claim(
            tx, kind.name, after=self._after_queue, now_ms=now_ms, lease_ms=kind.lease_ms, count=kind.batch
        )
        return claimed

    async def _one_by_one(self, tx: Tx, step: Local, jobs: Sequence[Job], now_ms: int) -> None:
        for job in jobs:
            outcome: Done | Again = Again(self._kind.backoff.after_crash_ms)
            try:
                async with tx.savepoint():
                    outcome = await step.handle(tx, job, now_ms)
            except StorageUnavailableError:
                raise
            except Exception:
                log.exception("job.crashed", kind=job.kind, id=job.id)
            match outcome:
                case Done():
                    await store.finish(tx, [job])
                case Again(after_ms, kind):
                    await store.move_keyed(tx, [_moved(job, kind or job.kind, now_ms + after_ms)])
                case _:
                    assert_never(outcome)

    async def _as_set(self, tx: Tx, step: LocalSet, jobs: Sequence[Job], now_ms: int) -> None:
        try:
            async with tx.savepoint():
                await step.handle(tx, jobs, now_ms)
            return
        except StorageUnavailableError:
            raise
        except Exception:
            log.exception("job.crashed", kind=self._kind.name, ids=[job.id for job in jobs])
        if len(jobs) > 1:  # one of them causes the crash: run each alone, so that the others continue
            for job in jobs:
                await self._as_set(tx, step, [job], now_ms)
            return
        after_ms = self._kind.backoff.after_crash_ms
        await store.move_keyed(tx, [_moved(job, job.kind, now_ms + after_ms) for job in jobs])


def _moved(job: Job, kind: str, due_at_ms: int) -> MoveRow:
    return MoveRow(kind, job.queue_key, due_at_ms, job.id, job.fence)
