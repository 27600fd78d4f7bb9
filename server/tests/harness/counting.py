"""A transaction that counts its statements."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from sent_server.db import Tx
from sent_server.db.database import Param, Row


class CountingTx:
    """Passes everything on to a real transaction. A set-based statement counts once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.statements = 0

    async def execute(self, sql: str, **params: Param) -> int:
        self.statements += 1
        return await self._tx.execute(sql, **params)

    async def execute_many(self, sql: str, rows: Sequence[Row], *, distinct: bool = False) -> None:
        self.statements += 1
        await self._tx.execute_many(sql, rows, distinct=distinct)

    async def fetch(self, sql: str, **params: Param) -> list[Row]:
        self.statements += 1
        return await self._tx.fetch(sql, **params)

    async def fetch_many(self, sql: str, rows: Sequence[Row]) -> list[Row]:
        self.statements += 1
        return await self._tx.fetch_many(sql, rows)

    async def try_locks(self, names: Sequence[str]) -> set[str]:
        return await self._tx.try_locks(names)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        return self._tx.savepoint()

    def after_commit(self, fn: Callable[[], None]) -> None:
        self._tx.after_commit(fn)
