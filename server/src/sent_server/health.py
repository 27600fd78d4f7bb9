"""Health checks for load balancers and supervisors: whether a process is alive, and whether it is ready for work.

starting --> ready --> draining
"""

import asyncio
import contextlib
from enum import StrEnum
from typing import NoReturn

from sent_server.db import Database, SchemaTooNewError, StorageUnavailableError, migrate
from sent_server.errors import ApiError
from sent_server.http.limits import Limiter
from sent_server.http.reply import Reply
from sent_server.http.router import OpenHandler

PATIENCE_S = 2
LOOK_AT_SCHEMA_EVERY_S = 2


class HealthState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class ProcessHealth:
    def __init__(self, database: Database, limiter: Limiter) -> None:
        self.state = HealthState.STARTING
        self._database = database
        self._limiter = limiter

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
        """Raises 503 with the reason if requests should go elsewhere. A lost bus is no reason: it only adds latency."""
        if self.state is not HealthState.READY:
            raise ApiError("INTERNAL_005", f"Service temporarily unavailable: this process is {self.state}")
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._database.read(migrate.usable)
        except SchemaTooNewError as error:
            message = "Service temporarily unavailable: the database needs a newer release"
            raise ApiError("INTERNAL_005", message) from error
        except (StorageUnavailableError, TimeoutError) as error:
            reason = str(error) or "the database does not answer"
            raise ApiError("INTERNAL_005", f"Service temporarily unavailable: {reason}") from error
        await self._limiter.check()
        return Reply(204)

    async def until_outdated(self) -> NoReturn:
        """Waits until a migration is applied that this release cannot run with. Raises SchemaTooNewError."""
        while True:
            await asyncio.sleep(LOOK_AT_SCHEMA_EVERY_S)
            with contextlib.suppress(StorageUnavailableError):
                await self._database.read(migrate.usable)
