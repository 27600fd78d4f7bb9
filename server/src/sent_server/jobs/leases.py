"""Leases on names: who does what only one process should do at a time. A lease runs out unless its holder renews it.

Nothing depends on a lease for its safety, only for its order and economy: two holders for a moment repeat work.
"""

import structlog

from sent_server.db import Database, StorageUnavailableError
from sent_server.jobs import lease_store
from sent_server.kernel import ids
from sent_server.kernel.clock import Clock

log = structlog.get_logger()


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
            lambda tx: lease_store.take(tx, self._holder, [self._name], now_ms=now_ms, lease_ms=self._lease_ms)
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
            await self._database.write(lambda tx: lease_store.release(tx, self._holder, [self._name]))
        except StorageUnavailableError as error:
            log.warning("lease.not_released", name=self._name, error=str(error))
