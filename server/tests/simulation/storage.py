"""The `Database` of one process: the product's SQL over one SQLite connection that all processes share.

A transaction runs at one moment, as if PostgreSQL ran them one after the other (SERIALIZABLE). What the network does
is simulated: a statement takes its time to arrive, the answer takes its time to come back, and either may be lost; an
answer that is lost after the commit is the hard case. A process can be killed or frozen while it waits for either.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import apsw

from sent_server.db import StorageUnavailableError, Tx
from sent_server.db import group_commit as groups
from sent_server.db.database import Batch
from sent_server.db.sqlite import SqliteTx, run_unsuspended
from simulation.scheduler import Process, VirtualLoop
from simulation.trace import Trace

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")
LANES = 2
# What changed, written by triggers within the transaction itself, so that no code under test can hide it.
WATCH = """
    CREATE TEMP TABLE changed (what TEXT, id TEXT, old TEXT, new TEXT, fence INTEGER);
    CREATE TEMP TRIGGER message_made AFTER INSERT ON main.messages BEGIN
        INSERT INTO changed VALUES ('message', new.id, NULL, new.status, new.round); END;
    CREATE TEMP TRIGGER message_moved AFTER UPDATE OF status ON main.messages
        WHEN old.status <> new.status OR old.round <> new.round BEGIN
        INSERT INTO changed VALUES ('message', new.id, old.status, new.status, new.round); END;
    CREATE TEMP TRIGGER message_released AFTER UPDATE OF status ON main.messages
        WHEN old.status = 'SCHEDULED' AND new.status NOT IN ('SCHEDULED', 'CANCELLED') BEGIN
        INSERT INTO changed VALUES ('released', new.id, old.status, new.status, new.scheduled_at_ms); END;
    CREATE TEMP TRIGGER attempt_made AFTER INSERT ON main.attempts BEGIN
        INSERT INTO changed VALUES ('attempt', new.message_id || '-' || new.leg || '-' || new.attempt, NULL, new.state,
            (SELECT fence FROM main.jobs WHERE id = new.message_id)); END;
    CREATE TEMP TRIGGER attempt_moved AFTER UPDATE ON main.attempts BEGIN
        INSERT INTO changed VALUES ('attempt', new.message_id || '-' || new.leg || '-' || new.attempt, old.state,
            new.state, (SELECT fence FROM main.jobs WHERE id = new.message_id)); END;
    CREATE TEMP TRIGGER job_moved AFTER UPDATE ON main.jobs BEGIN
        INSERT INTO changed VALUES (
            CASE WHEN old.fence <> new.fence AND old.kind = new.kind THEN 'claim' ELSE 'job' END,
            new.id, old.kind, new.kind, new.fence); END;
    CREATE TEMP TRIGGER job_ended AFTER DELETE ON main.jobs BEGIN
        INSERT INTO changed VALUES ('job', old.id, old.kind, NULL, old.fence); END;
    CREATE TEMP TRIGGER event_made AFTER INSERT ON main.events BEGIN
        INSERT INTO changed VALUES ('event', new.id, new.name, new.subject_id, NULL); END;
    CREATE TEMP TRIGGER fan_out_made AFTER INSERT ON main.fan_outs BEGIN
        INSERT INTO changed VALUES ('fan_out', new.id, NULL, new.total, NULL); END;
    CREATE TEMP TRIGGER delivery_made AFTER INSERT ON main.deliveries BEGIN
        INSERT INTO changed VALUES ('delivery', new.event_id, new.endpoint_id, new.status, new.fence); END;
    CREATE TEMP TRIGGER delivery_leased AFTER UPDATE OF fence ON main.deliveries WHEN old.fence <> new.fence BEGIN
        INSERT INTO changed VALUES ('lease', new.id, old.status, new.status, new.fence); END;
    CREATE TEMP TRIGGER delivery_tried AFTER UPDATE ON main.deliveries WHEN old.attempts <> new.attempts BEGIN
        INSERT INTO changed VALUES ('tried', new.id, old.status, new.status, new.fence); END;
    CREATE TEMP TRIGGER money_moved AFTER INSERT ON main.ledger_entries BEGIN
        INSERT INTO changed VALUES ('money', new.ref, new.kind, new.amount_micros, NULL); END;
    CREATE TEMP TRIGGER webhook_changed AFTER UPDATE ON main.webhooks BEGIN
        INSERT INTO changed VALUES ('webhook', new.id, old.disabled_reason, new.disabled_reason, NULL); END;
    CREATE TEMP TRIGGER endpoint_parked AFTER UPDATE ON main.endpoint_health
        WHEN (old.parked_at_ms IS NULL) <> (new.parked_at_ms IS NULL) BEGIN
        INSERT INTO changed VALUES ('parked', new.endpoint_id, old.parked_at_ms IS NOT NULL,
            new.parked_at_ms IS NOT NULL, NULL); END;
"""
CHANGED = "SELECT what, id, old, new, fence FROM changed ORDER BY rowid"
# (what, id, old, new, fence); for a message its round instead of a fence, for a release its time
Change = tuple[str, str, str | None, str | None, int | None]
Watcher = Callable[[Process, Sequence[Change]], None]


class Storage:
    """The database server. `down` refuses everything; `trouble` is the chance that an answer or a request is lost."""

    def __init__(self, image: bytes, loop: VirtualLoop, trace: Trace, seed: int) -> None:
        self.connection = apsw.Connection(":memory:")
        self.connection.deserialize("main", image)
        self.connection.execute("PRAGMA foreign_keys=ON")
        self.connection.execute(WATCH).fetchall()
        self.down = False
        self.trouble = 0.0
        self.slow = 0.0
        self.watchers: list[Watcher] = []
        self._loop = loop
        self._trace = trace
        self._random = random.Random(f"storage {seed}")

    def query(self, sql: str, *params: Any) -> list[Any]:
        """Look at the rows from outside; takes no time."""
        return self.connection.execute(sql, params).fetchall()

    async def travel(self, what: str) -> None:
        """A request or an answer on its way."""
        slow = self._random.random() < self.slow
        await asyncio.sleep(self._random.uniform(0.05, 3.0) if slow else self._random.uniform(0.0002, 0.004))
        if self.down or self._random.random() < self.trouble:
            self._trace.count(f"storage: {what} lost")
            raise StorageUnavailableError(f"simulated: the {what} was lost")

    def transact(self, process: Process, fn: Callable[[Tx], Awaitable[T]]) -> tuple[T, list[Callable[[], None]]]:
        """Run and commit, at this very moment. Returns the result and what to do after the commit."""
        tx = SqliteTx(self.connection)
        self.connection.execute("BEGIN IMMEDIATE")
        changes: list[Any] = []
        changed_before = self.connection.total_changes()
        try:
            result = run_unsuspended(fn(tx))
            if self.connection.total_changes() != changed_before:
                changes = self.connection.execute(CHANGED).fetchall()
                self.connection.execute("DELETE FROM changed")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        if changes:
            for watch in self.watchers:
                watch(process, changes)
        return result, tx.hooks

    def look(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        return run_unsuspended(fn(SqliteTx(self.connection)))


class ProcessDatabase:
    """`Database`, as one process sees it; grouped writes go through lanes, as on PostgreSQL."""

    def __init__(self, storage: Storage, process: Process) -> None:
        self._storage = storage
        self._process = process
        self._waiting = groups.WriteQueue()
        self._lanes: list[asyncio.Task[None]] = []

    async def write(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        await self._storage.travel("request")
        result, hooks = self._storage.transact(self._process, fn)
        await self._storage.travel("answer")
        for hook in hooks:
            hook()
        return result

    async def write_batched(self, batch: Batch[C, R], command: C, *, weight: int = 1) -> R:
        if not self._lanes:
            self._lanes = [asyncio.create_task(self._run_lane()) for _ in range(LANES)]
        member = groups.QueuedWrite(batch=batch, command=command, weight=weight)
        self._waiting.add(member)
        return await member.done

    async def read(self, fn: Callable[[Tx], Awaitable[T]], *, heavy: bool = False) -> T:
        await self._storage.travel("request")
        return self._storage.look(fn)

    @contextlib.asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[bool]:
        raise AssertionError("nothing in the simulation holds a name")
        yield True

    async def close(self) -> None: ...

    async def _run_lane(self) -> None:
        while True:
            group = await self._waiting.next_group()
            for batch, members in groups.by_use_case(group)[0].items():
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
            for member in members:
                await self._run_members(batch, [member])
            return
        for member, answer in zip(members, answers, strict=True):
            member.succeed(answer)
