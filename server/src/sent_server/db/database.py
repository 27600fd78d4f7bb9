"""The interfaces of storage: a `Database` and, inside a write or a read, a `Tx`.

SQL uses named parameters (`:name`), lists as `IN (:ids[])` or `EACH(:ids)` with `LOOKUP` (see statements.py), and
`/*pg: ...*/` for text that only PostgreSQL needs.
Functions over a `Tx` must await only the `Tx`, because the SQLite engine runs them without suspending.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

Param = str | int | None | Sequence[str] | Sequence[int]
Row = tuple[Any, ...]
T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")


class Tx(Protocol):
    """One transaction, or one member of a group that shares a commit."""

    async def execute(self, sql: str, **params: Param) -> int:
        """Run one statement. Returns the number of changed rows."""
        ...

    async def execute_many(self, sql: str, rows: Sequence[Row], *, distinct: bool = False) -> None:
        """Run one statement per row. The values of a row are in the order in which their names first appear.

        `distinct` promises that no two rows name the same row, so that an UPDATE may run as one statement.
        """
        ...

    async def fetch(self, sql: str, **params: Param) -> list[Row]: ...

    async def fetch_many(self, sql: str, rows: Sequence[Row]) -> list[Row]:
        """Run one query per row, in one round trip. Returns the results in the order of the rows."""
        ...

    async def try_locks(self, names: Sequence[str]) -> set[str]:
        """Take locks until the end of the transaction, without waiting. Returns the acquired ones; on SQLite, all."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Roll back the block's changes if it raises. The exception propagates."""
        ...

    def after_commit(self, fn: Callable[[], None]) -> None: ...


# A frequent use case, written over lists: one result per command, in order.
Batch = Callable[[Tx, Sequence[C]], Awaitable[Sequence[R]]]


class Database(Protocol):
    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `fn` and commit. An exception rolls everything back. Returns when the data is durable."""
        ...

    async def write_batched(self, batch: Batch[C, R], command: C, *, weight: int = 1) -> R:
        """Like `write`, but waiting commands of the same batch run as one call and one commit."""
        ...

    async def read(self, fn: Callable[[Tx], Awaitable[T]], *, heavy: bool = False) -> T:
        """Run `fn` over committed data. `heavy` runs it outside the event loop, for scans."""
        ...

    def hold(self, name: str) -> AbstractAsyncContextManager[bool]:
        """Lock a name against other processes, across transactions. Yields False if another process has it."""
        ...

    async def close(self) -> None: ...


async def fetch_one(tx: Tx, sql: str, **params: Param) -> Row | None:
    rows = await tx.fetch(sql, **params)
    return rows[0] if rows else None
