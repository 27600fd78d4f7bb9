"""Forgets what is no longer needed: expired idempotency keys, old raw receipts, and what slices bring along."""

from collections.abc import Awaitable, Callable, Sequence

from sent_server import mail
from sent_server.db import Database, Tx
from sent_server.delivery import receipt_store
from sent_server.http import idempotency
from sent_server.jobs.leases import LeaderLease
from sent_server.kernel.clock import Clock

EVERY_MS = 60_000
# (tx, now_ms) -> anything
Chore = Callable[[Tx, int], Awaitable[object]]


class Housekeeping:
    """`step` runs every chore once, each in a transaction of its own, in one process for all."""

    def __init__(self, database: Database, clock: Clock, chores: Sequence[Chore]) -> None:
        self._database = database
        self._clock = clock
        self._chores = chores
        self._duty = LeaderLease(database, clock, "housekeeping", lease_ms=2 * EVERY_MS)

    async def step(self) -> bool:
        if await self._duty.is_leader():
            now_ms = self._clock.now_ms()
            for chore in self._chores:
                await self._database.write(lambda tx, chore=chore: chore(tx, now_ms))
        return False

    async def stop(self) -> None:
        await self._duty.release()


def forget_keys(tx: Tx, now_ms: int) -> Awaitable[int]:
    return idempotency.forget_old(tx, now_ms=now_ms)


def forget_receipts(retention_ms: int) -> Chore:
    def chore(tx: Tx, now_ms: int) -> Awaitable[int]:
        return receipt_store.forget_old(tx, before_ms=now_ms - retention_ms)

    return chore


def forget_mails(retention_ms: int) -> Chore:
    def chore(tx: Tx, now_ms: int) -> Awaitable[int]:
        return mail.forget_old(tx, before_ms=now_ms - retention_ms)

    return chore
