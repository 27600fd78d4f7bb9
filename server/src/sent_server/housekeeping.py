"""Deletes expired data: idempotency keys, and whatever the chores of slices delete."""

from collections.abc import Awaitable, Sequence

from sent_server.bus import Bus
from sent_server.db import Database, Tx
from sent_server.http import idempotency
from sent_server.jobs import Worker
from sent_server.jobs.leases import LeaderLease
from sent_server.kernel.clock import Clock
from sent_server.parts import Chore

EVERY_MS = 60_000


def forget_keys(tx: Tx, now_ms: int) -> Awaitable[int]:
    return idempotency.forget_old(tx, now_ms=now_ms)


class Housekeeping:
    """Runs each chore once a minute in its own transaction, in one process for all."""

    def __init__(self, database: Database, clock: Clock, bus: Bus, chores: Sequence[Chore]) -> None:
        self._database = database
        self._clock = clock
        self._chores = (forget_keys, *chores)
        self._leader = LeaderLease(database, clock, "housekeeping", lease_ms=2 * EVERY_MS)
        self.worker = Worker("housekeeping", bus, self.step, poll_ms=EVERY_MS)

    async def step(self) -> bool:
        if await self._leader.is_leader():
            now_ms = self._clock.now_ms()
            for chore in self._chores:
                await self._database.write(lambda tx, chore=chore: chore(tx, now_ms))
        return False

    async def release(self) -> None:
        """Leave housekeeping to another process."""
        await self._leader.release()
