"""Leases on names, for work that one process at a time should do. A lease expires unless its holder renews it.

Correctness does not depend on a lease, only order and efficiency: two concurrent holders would repeat work.
"""

import structlog

from sent_server.db import Database, StorageUnavailableError
from sent_server.jobs import lease_store
from sent_server.kernel import ids
from sent_server.kernel.clock import Clock

log = structlog.get_logger()


class LeaderLease:
    """A lease on a task that one process does for all. It is renewed by frequent calls of `is_leader`."""

    def __init__(self, database: Database, clock: Clock, name: str, *, lease_ms: int) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._lease_ms = lease_ms
        self._holder = ids.new_holder()
        self._until_ms = 0
        self._ask_again_at_ms = 0

    async def is_leader(self) -> bool:
        """Whether this process holds the lease. Renews it after half of its duration."""
        now_ms = self._clock.now_ms()
        if self._until_ms - now_ms > self._lease_ms // 2:
            return True
        if now_ms < self._ask_again_at_ms:
            return False
        held = await self._database.write(
            lambda tx: lease_store.take(tx, self._holder, [self._name], now_ms=now_ms, lease_ms=self._lease_ms)
        )
        self._until_ms = now_ms + self._lease_ms if held else 0
        self._ask_again_at_ms = 0 if held else now_ms + self._lease_ms // 4
        return bool(held)

    async def release(self) -> None:
        """Release the lease to other processes. If that fails, the lease expires."""
        if not self._until_ms:
            return
        self._until_ms = 0
        try:
            await self._database.write(lambda tx: lease_store.release(tx, self._holder, [self._name]))
        except StorageUnavailableError as error:
            log.warning("lease.not_released", name=self._name, error=str(error))
