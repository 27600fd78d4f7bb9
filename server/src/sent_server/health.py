"""What a load balancer and a supervisor ask: is this process alive, and may it be given work?

starting --> ready --> draining
"""

import asyncio
from enum import StrEnum

from sent_server.db import Database, StorageUnavailableError, Tx, migrate
from sent_server.errors import ApiError
from sent_server.http.envelope import Reply
from sent_server.http.limits import Limiter
from sent_server.http.router import OpenHandler

PATIENCE_S = 2
# Global by nature: the schema belongs to nobody.
NEEDED_RELEASE = "SELECT MAX(compatible_version) FROM schema_info"


class State(StrEnum):
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Health:
    def __init__(self, database: Database, limiter: Limiter) -> None:
        self.state = State.STARTING
        self._database = database
        self._limiter = limiter
        self._knows = migrate.known()[-1].version

    def open_paths(self) -> dict[str, OpenHandler]:
        return {
            "/v3/health": self.healthy,
            "/healthcheck": self.alive,
            "/health/live": self.alive,
            "/health/ready": self.ready,
        }

    async def healthy(self) -> Reply:
        return Reply(200, {"status": "healthy"})

    async def alive(self) -> Reply:
        return Reply(204)

    async def ready(self) -> Reply:
        """Raises 503 with the reason while requests had better go elsewhere. A lost bus is none: it costs latency."""
        if self.state is not State.READY:
            raise ApiError("INTERNAL_005", f"Service temporarily unavailable: this process is {self.state}")
        try:
            async with asyncio.timeout(PATIENCE_S):
                needed = await self._database.read(_needed_release)
        except (StorageUnavailableError, TimeoutError) as error:
            reason = str(error) or "the database does not answer"
            raise ApiError("INTERNAL_005", f"Service temporarily unavailable: {reason}") from error
        if needed > self._knows:
            raise ApiError("INTERNAL_005", "Service temporarily unavailable: the database needs a newer release")
        await self._limiter.check()
        return Reply(204)


async def _needed_release(tx: Tx) -> int:
    rows = await tx.fetch(NEEDED_RELEASE)
    return rows[0][0] or 0
