"""Leases on names: who does what only one process should do at a time. A lease runs out unless its holder renews it.

Nothing depends on a lease for its safety, only for its order and economy: two holders for a moment repeat work.
"""

from collections.abc import Collection

import structlog

from sent_server.db import Database, StorageUnavailableError, Tx
from sent_server.kernel import ids
from sent_server.kernel.clock import Clock

TAKE = """
    INSERT INTO network_leases (name, holder, until_ms)
    VALUES (:name, :holder, :until_ms)
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, until_ms = excluded.until_ms
    WHERE network_leases.holder = excluded.holder OR network_leases.until_ms <= :now_ms
"""
HELD = """
    SELECT name FROM network_leases
    WHERE name IN (:names[]) AND holder = :holder
"""
EXPIRED = """
    SELECT name FROM network_leases
    WHERE until_ms <= :now_ms AND name LIKE :pattern
    ORDER BY name
    LIMIT 500
"""
RELEASE = """
    DELETE FROM network_leases
    WHERE name = :name AND holder = :holder
"""
DROP_ALL = """
    DELETE FROM network_leases
"""


log = structlog.get_logger()


async def take(tx: Tx, holder: str, names: Collection[str], *, now_ms: int, lease_ms: int) -> set[str]:
    """Take or renew leases; returns those of the names that are ours now."""
    # Sorted, so that two processes take the rows' locks in the same order.
    await tx.execute_many(TAKE, [(name, holder, now_ms + lease_ms, now_ms) for name in sorted(names)])
    return {row[0] for row in await tx.fetch(HELD, names=sorted(names), holder=holder)}


async def expired(tx: Tx, prefix: str, *, now_ms: int) -> list[str]:
    """Names whose holder has neither renewed nor laid down: it is gone."""
    return [row[0] for row in await tx.fetch(EXPIRED, pattern=f"{prefix}%", now_ms=now_ms)]


async def release(tx: Tx, holder: str, names: Collection[str]) -> None:
    await tx.execute_many(RELEASE, [(name, holder) for name in sorted(names)])


async def drop_all(tx: Tx) -> int:
    """Only for a process that knows it is alone (start-up on SQLite)."""
    return await tx.execute(DROP_ALL)


class LeaderLease:
    """Something that one process does for all. It keeps the duty by asking `is_leader` often enough."""

    def __init__(self, database: Database, clock: Clock, name: str, *, lease_ms: int) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._lease_ms = lease_ms
        self._holder = ids.new_holder()
        self._until_ms = 0
        self._ask_again_at_ms = 0

    async def is_leader(self) -> bool:
        """Whether this process has the duty now. Renews the lease once half of it is over."""
        now_ms = self._clock.now_ms()
        if self._until_ms - now_ms > self._lease_ms // 2:
            return True
        if now_ms < self._ask_again_at_ms:
            return False
        held = await self._database.write(
            lambda tx: take(tx, self._holder, [self._name], now_ms=now_ms, lease_ms=self._lease_ms)
        )
        self._until_ms = now_ms + self._lease_ms if held else 0
        self._ask_again_at_ms = 0 if held else now_ms + self._lease_ms // 4
        return bool(held)

    async def release(self) -> None:
        """Leave it to the others at once; when that fails, the lease runs out."""
        if not self._until_ms:
            return
        self._until_ms = 0
        try:
            await self._database.write(lambda tx: release(tx, self._holder, [self._name]))
        except StorageUnavailableError as error:
            log.warning("lease.not_released", name=self._name, error=str(error))
