"""Locks that outlive a transaction, for work that calls the outside world between two of them.

They live in a session of PostgreSQL that does nothing else: no clock ends them, and they vanish with the process.
"""
# asyncpg ships no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from sent_server.db.errors import StorageUnavailableError

TRY = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
LET_GO = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"
# A RuntimeError is what uvloop says of a connection that has just closed (kernel/sockets.py).
_GONE = (OSError, TimeoutError, RuntimeError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Locks:
    """One connection for all locks of this process. The caller sees to it that a name is held once at a time here."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._one_at_a_time = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[bool]:
        """Whether we have it until the end of the block; False when another process does."""
        ours: bool = await self._ask(TRY, name)
        try:
            yield ours
        finally:
            if ours:
                # Gone with its session already, if that broke.
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
