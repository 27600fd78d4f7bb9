r"""Jobs with an external call: claim and load, call outside of a transaction, record.

claimed --call ends--> result --record--> finished | due again | given up
      \--lease lost: another worker has the job, and this result is void

Each call is recorded when it ends, so that a slow one does not delay the others. While the database is down, results
are kept here. They are recorded first when it is back.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import structlog

from sent_server.db import Database, StorageUnavailableError, Tx
from sent_server.db.failpoint import failpoint
from sent_server.jobs import store
from sent_server.jobs.kinds import Again, Done, External, Failed, Kind, Loaded, Outcome
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object

log = structlog.get_logger()
# New jobs are claimed this often while calls are in progress.
CLAIM_EVERY_S = 0.25
STOP_WITHIN_S = 5


@value_object
class _Call:
    loaded: Loaded[Any]
    leased_until_ms: int


class ExternalCalls:
    """The work in progress of one kind in one process."""

    def __init__(self, kind: Kind, step: External[Any, Any], database: Database, clock: Clock) -> None:
        self._kind = kind
        self._step = step
        self._database = database
        self._clock = clock
        self._calls: dict[asyncio.Task[Any], _Call] = {}

    async def step(self) -> bool:
        """Record ended calls, claim jobs up to the batch size, and wait a moment for the next call to end."""
        await self._record_ended()
        claimed = await self._start()
        if not self._calls:
            return claimed
        await asyncio.wait(self._calls, timeout=CLAIM_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        await self._record_ended()
        return True

    async def stop(self) -> None:
        """Record the calls that end soon. The leases of the others expire, and another process claims their jobs."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=STOP_WITHIN_S)
        try:
            await self._record_ended()
        except StorageUnavailableError as error:
            log.warning("job.not_recorded", kind=self._kind.name, error=str(error))
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        self._calls.clear()

    async def _start(self) -> bool:
        room = self._kind.batch - len(self._calls)
        if room <= 0:
            return False
        now_ms = self._clock.now_ms()
        claimed, loaded = await self._database.write(lambda tx: self._claim(tx, room, now_ms))
        under_way = {call.loaded.job.id: task for task, call in self._calls.items()}
        for one in loaded:
            task = under_way.get(one.job.id)
            if task:  # the clock was moved past our own lease: the call continues under the new one
                one = replace(self._calls[task].loaded, job=one.job)
            else:
                task = asyncio.create_task(self._call(one), name=f"{self._kind.name}-{one.job.id}")
            self._calls[task] = _Call(one, now_ms + self._kind.lease_ms)
        return claimed > 0

    async def _claim(self, tx: Tx, count: int, now_ms: int) -> tuple[int, list[Loaded[Any]]]:
        claimed = await store.claim(tx, self._kind.name, now_ms=now_ms, lease_ms=self._kind.lease_ms, count=count)
        loaded: list[Loaded[Any]] = []
        for job in claimed:
            try:
                async with tx.savepoint():
                    found = await self._step.load(tx, job)
            except StorageUnavailableError:
                raise
            except Exception:
                log.exception("job.crashed", kind=job.kind, id=job.id)
                await store.move(tx, [(job.kind, now_ms + self._kind.backoff.after_crash_ms, job.id, job.fence)])
                continue
            if found is None:
                await store.finish(tx, [job])
            else:
                loaded.append(found)
        return len(claimed), loaded

    async def _call(self, loaded: Loaded[Any]) -> Any:
        lease_s = self._kind.lease_ms / 1000
        deadline = asyncio.timeout(lease_s)
        try:
            async with deadline:
                return await self._step.call(loaded.subject)
        except Exception as error:
            if deadline.expired():
                log.warning("job.timed_out", kind=loaded.job.kind, id=loaded.job.id)
                return Failed(f"no answer within {lease_s:g} s")
            log.exception("job.crashed", kind=loaded.job.kind, id=loaded.job.id)
            return Failed(type(error).__name__)

    async def _record_ended(self) -> None:
        ended = [(task, call) for task, call in self._calls.items() if task.done()]
        if not ended:
            return
        failpoint(f"{self._kind.name}_called_before_record")
        results = [(call, task.result()) for task, call in ended]
        now_ms = self._clock.now_ms()
        await self._database.write(lambda tx: self._record(tx, results, now_ms))
        for task, _ in ended:
            del self._calls[task]

    async def _record(self, tx: Tx, results: Sequence[tuple[_Call, Any]], now_ms: int) -> None:
        leased = {call.loaded.job: call.leased_until_ms for call, _ in results}
        held = await store.held(tx, leased)
        for call, result in results:
            job = call.loaded.job
            if job.id not in held:
                log.warning("job.lease_lost", kind=job.kind, id=job.id)
                continue
            try:
                async with tx.savepoint():
                    outcome = await self._outcome(tx, call.loaded, result, now_ms)
            except StorageUnavailableError:
                raise
            except Exception:
                log.exception("job.crashed", kind=job.kind, id=job.id)
                outcome = Again(self._kind.backoff.after_crash_ms)
            match outcome:
                case Done():
                    await store.finish(tx, [job])
                case Again(after_ms, kind):
                    await store.move(tx, [(kind or job.kind, now_ms + after_ms, job.id, job.fence)])
                case _:
                    assert_never(outcome)

    async def _outcome(self, tx: Tx, loaded: Loaded[Any], result: Any, now_ms: int) -> Done | Again:
        outcome: Outcome = result if isinstance(result, Failed) else await self._step.record(tx, loaded, result, now_ms)
        if not isinstance(outcome, Failed):
            return outcome
        delay_ms = self._kind.backoff.delay_ms(loaded.retries_used)
        await self._step.note_failure(tx, loaded, outcome.reason, final=delay_ms is None, now_ms=now_ms)
        return Done() if delay_ms is None else Again(delay_ms)
