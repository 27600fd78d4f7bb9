"""Forgets what is no longer needed: expired idempotency keys, old raw receipts, and what slices bring along."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sent_server.db import Database, Tx
from sent_server.delivery import receipts
from sent_server.http import idempotency
from sent_server.kernel.clock import Clock

EVERY_MS = 60_000
# (tx, now_ms) -> anything
Chore = Callable[[Tx, int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """`step` runs every chore once, each in a transaction of its own."""

    database: Database
    clock: Clock
    chores: Sequence[Chore]

    async def step(self) -> bool:
        now_ms = self.clock.now_ms()
        for chore in self.chores:
            await self.database.write(lambda tx, chore=chore: chore(tx, now_ms))
        return False


def forget_keys(tx: Tx, now_ms: int) -> Awaitable[int]:
    return idempotency.forget_old(tx, now_ms=now_ms)


def forget_receipts(retention_ms: int) -> Chore:
    def chore(tx: Tx, now_ms: int) -> Awaitable[int]:
        return receipts.forget_old(tx, before_ms=now_ms - retention_ms)

    return chore
