"""The PostgreSQL engine, on asyncpg. Batched use cases run in two writers, other writes on a connection each."""
# asyncpg has no types. This module adds them.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from sent_server.db import group_commit as groups
from sent_server.db import stalled, statements
from sent_server.db.database import Batch, Param, Row, Tx
from sent_server.db.errors import StorageUnavailableError
from sent_server.db.locks import Locks
from sent_server.kernel import sockets

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")
WRITERS = 2
MAX_RERUNS = 5
MAX_CONNECTIONS = 12
# A process that stalls inside a transaction (a paused machine, a lost network) must not keep its locks.
STALLED_AFTER_MS = 5_000
# Our statements look rows up by key. With default settings the planner hashes complete tables until it has statistics,
# and plans again for every array.
PLANNER = {"enable_hashjoin": "off", "enable_mergejoin": "off", "plan_cache_mode": "force_generic_plan"}
APPLICATION = "sent"
SESSION = {
    **PLANNER,
    "application_name": APPLICATION,
    "idle_in_transaction_session_timeout": str(STALLED_AFTER_MS),
}
TRY_LOCKS = "SELECT n.value, pg_try_advisory_xact_lock(hashtextextended(n.value, 0)) FROM EACH(:names) AS n"
# Statement -> the same statement over arrays, or None if it has no such form.
_set_forms: dict[str, str | None] = {}
_compiled = functools.lru_cache(maxsize=2_000)(statements.for_postgres)
# A unique violation means that another process was faster: the second run reads its row. A check violation means that
# another process spent the balance: the second run finds it too small.
_RERUN = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.UniqueViolationError,
    asyncpg.CheckViolationError,
)
_GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # "not currently accepting connections"
    asyncpg.DiskFullError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncio.TimeoutError,
)


class PostgresTx:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.hooks: list[Callable[[], None]] = []

    async def execute(self, sql: str, **params: Param) -> int:
        statement = _compiled(sql)
        tag: str = await self._connection.execute(statement.sql, *[params[name] for name in statement.names])
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, rows: Sequence[Row], *, distinct: bool = False) -> None:
        if not rows:
            return
        text = _compiled(sql).sql
        as_set = None
        if len(rows) > 1 and (distinct or statements.may_repeat(text)):
            as_set = await self._set_form(text)
        if as_set is None:
            await self._connection.executemany(text, rows)
        else:
            await self._connection.execute(as_set, *zip(*rows, strict=True))

    async def _set_form(self, text: str) -> str | None:
        if text not in _set_forms:
            prepared = await self._connection.prepare(text)
            _set_forms[text] = statements.for_postgres_set(text, [p.name for p in prepared.get_parameters()])
        return _set_forms[text]

    async def fetch(self, sql: str, **params: Param) -> list[Row]:
        statement = _compiled(sql)
        return await self._connection.fetch(statement.sql, *[params[name] for name in statement.names])

    async def fetch_many(self, sql: str, rows: Sequence[Row]) -> list[Row]:
        return await self._connection.fetchmany(_compiled(sql).sql, rows) if rows else []

    async def try_locks(self, names: Sequence[str]) -> set[str]:
        return {row[0] for row in await self.fetch(TRY_LOCKS, names=names) if row[1]}

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        hooks_before = len(self.hooks)
        try:
            async with self._connection.transaction():
                yield
        except BaseException:
            del self.hooks[hooks_before:]
            raise

    def after_commit(self, fn: Callable[[], None]) -> None:
        self.hooks.append(fn)


class PostgresDatabase:
    def __init__(self, url: str, pool: Any) -> None:
        self._pool = pool
        self._locks = Locks(url)
        self._waiting = groups.WriteQueue()
        self._writers: list[asyncio.Task[None]] = []
        self._watch = asyncio.create_task(stalled.watch(pool, APPLICATION, STALLED_AFTER_MS), name="stalled-sessions")

    @classmethod
    async def connect(cls, url: str, *, connections: int = MAX_CONNECTIONS) -> "PostgresDatabase":
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=connections,
                timeout=5,
                command_timeout=60,
                statement_cache_size=1_000,
                server_settings=SESSION,
            )
        except (TimeoutError, OSError, asyncpg.PostgresError, ValueError) as error:
            raise StorageUnavailableError(f"cannot connect to PostgreSQL: {error}") from error
        return cls(url, pool)

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        for rerun in range(MAX_RERUNS):
            try:
                async with self._transaction() as tx:
                    result = await fn(tx)
                break
            except _RERUN:
                if rerun == MAX_RERUNS - 1:
                    raise
        else:
            raise AssertionError("unreachable")
        for hook in tx.hooks:
            hook()
        return result

    async def write_batched(self, batch: Batch[C, R], command: C, *, weight: int = 1) -> R:
        if not self._writers:
            self._writers = [asyncio.create_task(self._run_writer(), name=f"postgres-{n}") for n in range(WRITERS)]
        member = groups.QueuedWrite(batch=batch, command=command, weight=weight)
        self._waiting.add(member)
        return await member.done

    async def read(self, fn: Callable[[Tx], Awaitable[T]], *, heavy: bool = False) -> T:
        with _translated():
            async with self._pool.acquire(timeout=10) as connection:
                return await fn(PostgresTx(connection))

    def hold(self, name: str) -> AbstractAsyncContextManager[bool]:
        return self._locks.hold(name)

    async def run_script(self, script: str) -> None:
        """Run DDL in one transaction. For migrations only."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(statements.for_postgres_schema(script))

    async def close(self) -> None:
        for task in (self._watch, *self._writers):
            task.cancel()
        self._waiting.fail_all(StorageUnavailableError("the server is stopping"))
        await self._locks.close()
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()

    async def _run_writer(self) -> None:
        while True:
            group = await self._waiting.next_group()
            batched, _ = groups.by_use_case(group)
            for batch, members in batched.items():
                await self._run_members(batch, members)

    async def _run_members(self, batch: Batch[Any, Any], members: Sequence[groups.QueuedWrite]) -> None:
        commands = [member.command for member in members]
        try:
            answers = await self.write(lambda tx: batch(tx, commands))
        except Exception as error:
            if len(members) == 1 or isinstance(error, StorageUnavailableError):
                for member in members:
                    member.fail(error)
                return
            for member in members:  # one bad write must not fail the others
                await self._run_members(batch, [member])
            return
        for member, answer in zip(members, answers, strict=True):
            member.succeed(answer)

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[PostgresTx]:
        with _translated():
            async with self._pool.acquire(timeout=10) as connection, connection.transaction():
                yield PostgresTx(connection)


@contextlib.contextmanager
def _translated() -> Generator[None]:
    """Translates errors of asyncpg into StorageUnavailableError, with a message for operators."""
    try:
        yield
    except _GONE as error:
        raise StorageUnavailableError(f"PostgreSQL does not answer: {error}") from error
    except RuntimeError as error:
        if not sockets.closed_underneath(error):
            raise
        raise StorageUnavailableError("PostgreSQL does not answer: the connection was lost") from error
