"""Bugs on purpose: each breaks one invariant, and a scenario that does not notice it is worth nothing.

Only `chaos.sent` knows them. Each replaces something in the process that it is called in.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import apsw

from sent_server.db import postgres, sqlite
from sent_server.delivery import attempt_store, dispatch, outcomes, prepare
from sent_server.http import idempotency_store
from sent_server.http.idempotency import Idempotency
from sent_server.jobs import Registry, Worker
from sent_server.jobs import store as job_store
from sent_server.outbound import pace, recorder


def leases_never_end() -> None:
    """A process that dies loses the messages that it has claimed."""
    prepare.LEASE_MS = dispatch.LEASE_MS = 10**10


def replays_nothing() -> None:
    """A retry is taken for a new request."""

    async def replay(self: Idempotency, tx: Any, claims: Any, *, held: bool = False) -> dict[Any, Any]:
        return {}

    Idempotency.replay = replay
    idempotency_store.INSERT += "ON CONFLICT DO NOTHING"


def attempts_unwritten() -> None:
    """The carrier is asked before anybody wrote down that it would be."""

    async def insert(tx: Any, rows: Sequence[Any]) -> None:
        return None

    attempt_store.insert = insert


class _Blind:
    """A transaction that finds every fence as it is remembered."""

    def __init__(self, tx: Any, remembered: list[tuple[str, int]]) -> None:
        self._tx = tx
        self._remembered = remembered

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def fetch(self, sql: str, **params: Any) -> Any:
        return self._remembered if sql is job_store.FENCES else await self._tx.fetch(sql, **params)


def fences_ignored() -> None:
    """A process that wakes up writes what it knew before it slept."""
    record = outcomes._record

    async def record_anyway(tx: Any, answered: Any) -> set[str]:
        blind: Any = _Blind(tx, [(p.job.id, p.job.fence) for p, _ in answered.pairs])
        return await record(blind, answered)

    outcomes._record = record_anyway
    dispatch.LEASE_MS = 10**10  # nor does it look at the time that has passed


def outages_unforeseen() -> None:
    """A lost connection is an error like any other."""
    postgres._GONE = ()


def answers_forgotten() -> None:
    """A carrier's answer that the database does not take at once is dropped; a lease will ask again."""
    recorder.write_with_retry = lambda write: write()


def full_disk_unforeseen() -> None:
    """Nobody thought of what SQLite says when there is no space left."""

    def pass_on(self: object, _kind: object, error: BaseException | None, _trace: object) -> None:
        return None

    sqlite._translated.__exit__ = pass_on


def fsync_errors_ignored() -> None:
    """A retry after a failed fsync: the kernel has dropped the pages and reports success."""

    def commit(self: sqlite.SqliteDatabase) -> None:
        with contextlib.suppress(apsw.IOError):
            self._writer.execute("COMMIT")

    sqlite.SqliteDatabase._commit = commit


def hanging_receivers_unnoticed() -> None:
    """An endpoint that hangs uses the slots of the others."""
    pace.FIRST_PATIENCE_MS = pace.LEAST_PATIENCE_MS = pace.SLOW_AFTER_MS = 10**10


def pauses_by_wall_clock() -> None:
    """Pauses are until a time of day, and as long as the clock says that it has not come."""

    async def idle(self: Worker, pause: Any) -> None:
        pause.close()
        until_s = time.time() + 0.05
        self._is_idle = True
        while time.time() < until_s:
            await asyncio.sleep(0.001)
        self._is_idle = False

    Worker._idle = idle


def backlog_walked_at_start() -> None:
    """A process that starts reads everything that waits, message by message."""
    start = Registry.release_all

    async def release_one_by_one(self: Registry, tx: Any, *, now_ms: int) -> None:
        await start(self, tx, now_ms=now_ms)
        for row in await tx.fetch("SELECT id, due_at_ms FROM jobs"):
            await tx.execute("UPDATE jobs SET due_at_ms = due_at_ms + 1 WHERE id = :id", id=row[0])

    Registry.release_all = release_one_by_one


ALL: dict[str, Callable[[], None]] = {
    plant.__name__: plant
    for plant in (
        leases_never_end,
        replays_nothing,
        attempts_unwritten,
        fences_ignored,
        outages_unforeseen,
        answers_forgotten,
        full_disk_unforeseen,
        fsync_errors_ignored,
        hanging_receivers_unnoticed,
        pauses_by_wall_clock,
        backlog_walked_at_start,
    )
}
