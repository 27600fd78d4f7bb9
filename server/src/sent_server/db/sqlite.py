"""The SQLite engine: one connection for all writes and checkpoints, group commits, synchronous=FULL.

Statements run on the event loop and commits (the fsync) in a thread. This was measured to be faster than a writer
thread for both (docs/decisions/0002). Light reads use a second connection on the loop, heavy reads a small thread pool.
"""

# apsw types a blob as an unparameterized Buffer.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import functools
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw
import orjson
import structlog

from sent_server.db import group_commit as groups
from sent_server.db import statements
from sent_server.db.database import Batch, Param, Row, Tx
from sent_server.db.errors import StorageUnavailableError

log = structlog.get_logger()
T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")
# Small and frequent, because a checkpoint runs inside a commit and delays its group.
CHECKPOINT_PAGES = 1_000
OLDEST_SQLITE = (3, 51, 3)  # older ones can corrupt a WAL that two connections checkpoint at once
_compiled = functools.lru_cache(maxsize=2_000)(statements.for_sqlite)


class SqliteTx:
    """Statements on one connection. No method ever suspends."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.hooks: list[Callable[[], None]] = []

    async def execute(self, sql: str, **params: Param) -> int:
        self._run(sql, params)
        return self._connection.changes()

    async def execute_many(self, sql: str, rows: Sequence[Row], *, distinct: bool = False) -> None:
        if rows:
            self._connection.executemany(_compiled(sql).sql, rows)

    async def fetch(self, sql: str, **params: Param) -> list[Row]:
        return cast(list[Row], self._run(sql, params).fetchall())

    async def fetch_many(self, sql: str, rows: Sequence[Row]) -> list[Row]:
        if not rows:
            return []
        texts = [[orjson.dumps(v).decode() if isinstance(v, list) else v for v in row] for row in rows]
        return cast(list[Row], self._connection.executemany(_compiled(sql).sql, texts).fetchall())

    async def try_locks(self, names: Sequence[str]) -> set[str]:
        return set(names)

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        hooks_before = len(self.hooks)
        self._connection.execute("SAVEPOINT inner_step")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO inner_step; RELEASE inner_step")
            del self.hooks[hooks_before:]
            raise
        self._connection.execute("RELEASE inner_step")

    def after_commit(self, fn: Callable[[], None]) -> None:
        self.hooks.append(fn)

    def _run(self, sql: str, params: dict[str, Param]) -> apsw.Cursor:
        statement = _compiled(sql)
        for name in statement.lists:
            params[name] = orjson.dumps(params[name]).decode()
        return self._connection.execute(statement.sql, cast(Any, params))


class SqliteDatabase:
    def __init__(self, path: Path) -> None:
        if tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) < OLDEST_SQLITE:
            raise StorageUnavailableError(
                f"SQLite {apsw.sqlite_lib_version()} can corrupt its WAL; install apsw 3.51.3 or newer"
            )
        self._path = path
        self._writer = _connect(path, read_only=False)
        self._reader = _connect(path, read_only=True)
        self._commits = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")
        self._heavy = ThreadPoolExecutor(2, thread_name_prefix="sqlite-read")
        self._heavy_local = threading.local()
        self._waiting = groups.WriteQueue()
        self._pump: asyncio.Task[None] | None = None
        self._snapshot: asyncio.Handle | None = None

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        return await self._submit(groups.QueuedWrite(plain=fn))

    async def write_batched(self, batch: Batch[C, R], command: C, *, weight: int = 1) -> R:
        return await self._submit(groups.QueuedWrite(batch=batch, command=command, weight=weight))

    async def read(self, fn: Callable[[Tx], Awaitable[T]], *, heavy: bool = False) -> T:
        if heavy:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._heavy, self._read_in_thread, fn)
        with _translated():
            if self._snapshot is None:
                self._open_snapshot()
            return await fn(SqliteTx(self._reader))

    def _open_snapshot(self) -> None:
        """All light reads of one loop iteration share a snapshot, because a snapshot costs two file locks."""
        self._reader.execute("BEGIN")
        self._snapshot = asyncio.get_running_loop().call_soon(self._close_snapshot)

    def _close_snapshot(self) -> None:
        if self._snapshot is not None:
            self._snapshot.cancel()
            self._snapshot = None
            self._reader.execute("COMMIT")

    @contextlib.asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[bool]:
        """Always yields True, because only one process writes the file."""
        yield True

    async def run_script(self, script: str) -> None:
        """Run DDL in one transaction. For migrations only."""
        with _translated(), self._writer:
            self._writer.execute(statements.for_sqlite_schema(script)).fetchall()
        self._close_snapshot()

    async def close(self) -> None:
        if self._pump:
            self._pump.cancel()
        self._waiting.fail_all(StorageUnavailableError("the server is stopping"))
        self._commits.shutdown()
        self._heavy.shutdown()
        self._close_snapshot()
        self._reader.close()
        self._writer.close()

    async def _submit(self, member: groups.QueuedWrite) -> Any:
        if self._pump is None:
            self._pump = asyncio.create_task(self._run_groups(), name="sqlite-writer")
        self._waiting.add(member)
        return await member.done

    async def _run_groups(self) -> None:
        while True:
            group = await self._waiting.next_group()
            try:
                await self._run_group(group)
            except Exception as error:
                if len(group) == 1:
                    group[0].fail(error)
                    continue
                for member in group:  # one bad write must not fail the others
                    try:
                        await self._run_group([member])
                    except Exception as own_error:
                        member.fail(own_error)

    async def _run_group(self, group: Sequence[groups.QueuedWrite]) -> None:
        tx = SqliteTx(self._writer)
        results: list[tuple[groups.QueuedWrite, Any]] = []
        failed: list[tuple[groups.QueuedWrite, Exception]] = []
        with _translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                batched, plain = groups.by_use_case(group)
                for batch, members in batched.items():
                    answers = await batch(tx, [member.command for member in members])
                    results.extend(zip(members, answers, strict=True))
                for member in plain:
                    await self._run_plain(tx, member, results, failed)
                await asyncio.get_running_loop().run_in_executor(self._commits, self._commit)
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
        self._close_snapshot()  # reads that follow this commit must see it
        for hook in tx.hooks:
            hook()
        for member, result in results:
            member.succeed(result)
        for member, error in failed:
            member.fail(error)

    async def _run_plain(
        self,
        tx: SqliteTx,
        member: groups.QueuedWrite,
        results: list[tuple[groups.QueuedWrite, Any]],
        failed: list[tuple[groups.QueuedWrite, Exception]],
    ) -> None:
        assert member.plain is not None
        hooks_before = len(tx.hooks)
        self._writer.execute("SAVEPOINT member")
        try:
            results.append((member, await member.plain(tx)))
        except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.BusyError):
            raise
        except Exception as error:
            self._writer.execute("ROLLBACK TO member")
            del tx.hooks[hooks_before:]
            failed.append((member, error))
        self._writer.execute("RELEASE member")

    def _commit(self) -> None:
        try:
            self._writer.execute("COMMIT")
        except apsw.IOError as error:
            # After a failed fsync the state of the pages is unknown. Only a restart reads what is on disk.
            log.critical("storage.fsync_failed", error=str(error))
            os._exit(74)

    def _read_in_thread(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        connection: apsw.Connection | None = getattr(self._heavy_local, "connection", None)
        if connection is None:
            connection = self._heavy_local.connection = _connect(self._path, read_only=True)
        with _translated():
            return run_unsuspended(fn(SqliteTx(connection)))


def run_unsuspended(awaitable: Awaitable[T]) -> T:
    """Run a function over a `SqliteTx` to completion, without an event loop."""
    try:
        cast(Coroutine[Any, Any, T], awaitable).send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a function over a Tx awaited something that is not the Tx")


def _connect(path: Path, *, read_only: bool) -> apsw.Connection:
    with _translated():
        connection = apsw.Connection(str(path), statementcachesize=512)
        connection.set_busy_timeout(5_000)
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA mmap_size=2147418112")
        # Otherwise SQLite recompiles a statement when a value could change its plan. Ours must not depend on values.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        if read_only:
            connection.execute("PRAGMA query_only=ON")
            connection.wal_autocheckpoint(0)
        else:
            connection.wal_autocheckpoint(CHECKPOINT_PAGES)
        return connection


class _translated:  # noqa: N801 - reads as a statement
    """Translates errors of apsw into StorageUnavailableError, with a message for operators."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case apsw.FullError():
                raise StorageUnavailableError("the disk is full; free some space, nothing was lost") from error
            case apsw.ReadOnlyError() | apsw.PermissionsError():
                raise StorageUnavailableError("the database file cannot be written; check its owner") from error
            case apsw.BusyError() | apsw.LockedError():
                raise StorageUnavailableError("another program holds the database file locked") from error
            case apsw.CantOpenError():
                raise StorageUnavailableError("the database file cannot be opened; check the folder") from error
            case apsw.NotADBError() | apsw.CorruptError():
                raise StorageUnavailableError("the database file is damaged or not SQLite") from error
            case apsw.IOError():
                raise StorageUnavailableError(f"the disk reports an error: {error}") from error
            case _:
                return
