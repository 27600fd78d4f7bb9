"""Locks that outlive a transaction, for work with an external call between two transactions.

They belong to a dedicated PostgreSQL session, so they have no timeout and end with the process.
"""
# asyncpg has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from sent_server.db.errors import StorageUnavailableError

TRY = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
LET_GO = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"
# uvloop raises RuntimeError for a connection that has just closed (kernel/sockets.py).
_GONE = (OSError, TimeoutError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Locks:
    """One connection for all locks of this process. Callers must not hold a name twice at a time in one process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._one_at_a_time = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[bool]:
        """Yields whether the name is ours until the end of the block; False if another process has it."""
        ours: bool = await self._ask(TRY, name)
        try:
            yield ours
        finally:
            if ours:
                # If the session broke, the lock is gone with it.
                with contextlib.suppress(StorageUnavailableError):
                    await self._ask(LET_GO, name)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def _ask(self, question: str, name: str) -> bool:
        try:
            async with self._one_at_a_time:
                if self._connection is None or self._connection.is_closed():
                    settings = {"application_name": "sent locks"}
                    self._connection = await asyncpg.connect(self._url, timeout=5, server_settings=settings)
                return await self._connection.fetchval(question, name, timeout=5)
        except _GONE as error:
            raise StorageUnavailableError(f"PostgreSQL does not answer: {error}") from error
