"""The dispatcher of one carrier: prepare a portion, submit it, write down what happened.

Several portions are under way at once, so that a slow submit does not keep the next ones from starting; each carrier
has a dispatcher of its own, so that a slow carrier delays nobody else.
"""

import asyncio
from dataclasses import dataclass, field

import structlog

from sent_server.bus import LocalBus
from sent_server.carriers.base import Carrier, Outcome, Unknown
from sent_server.db import Database
from sent_server.db.failpoint import failpoint
from sent_server.delivery.outcomes import Answered, record_outcomes
from sent_server.delivery.prepare import Portion, prepare
from sent_server.kernel.clock import Clock

log = structlog.get_logger()
PORTION = 500
MAX_PORTIONS_UNDER_WAY = 4
SUBMIT_TIMEOUT_S = 20


def _no_tasks() -> set[asyncio.Task[None]]:
    return set()


@dataclass(slots=True)
class Dispatcher:
    database: Database
    clock: Clock
    bus: LocalBus
    carrier: Carrier
    receipt_timeout_ms: int
    _under_way: set[asyncio.Task[None]] = field(default_factory=_no_tasks)

    async def step(self) -> bool:
        """Start one portion; waits only while too many are under way."""
        if len(self._under_way) >= MAX_PORTIONS_UNDER_WAY:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        portion = await self.database.write(
            lambda tx: prepare(
                tx,
                self.carrier,
                now_ms=self.clock.now_ms(),
                count=PORTION,
                receipt_timeout_ms=self.receipt_timeout_ms,
            )
        )
        if portion.prepared:
            failpoint("after_prepare_before_submit")
            task = asyncio.create_task(self._carry(portion), name=f"submit-{self.carrier.name}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return portion.claimed > 0

    async def stop(self) -> None:
        """Let what is under way be written down."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=5)

    async def _carry(self, portion: Portion) -> None:
        try:
            outcomes = await self._submit(portion)
            failpoint("after_submit_before_record")
            answered = Answered(
                self.carrier.name,
                self.carrier.takes_idempotency_key,
                list(zip(portion.prepared, outcomes, strict=True)),
                self.receipt_timeout_ms,
                self.clock.now_ms(),
            )
            hints = await self.database.write_batched(record_outcomes, answered, weight=len(outcomes))
        except Exception:
            # The leases run out, and the attempts are taken up again from their rows.
            log.exception("dispatch.crashed", carrier=self.carrier.name)
            return
        for topic in hints:
            self.bus.hint(topic)

    async def _submit(self, portion: Portion) -> list[Outcome]:
        submissions = [prepared.submission for prepared in portion.prepared]
        try:
            async with asyncio.timeout(SUBMIT_TIMEOUT_S):
                return list(await self.carrier.submit(submissions))
        except TimeoutError:
            return [Unknown("the carrier did not answer in time") for _ in submissions]
