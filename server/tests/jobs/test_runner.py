"""The Runner: what each form of step may rely on, when a job is tried again, and what a lost lease costs."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.runners import run_due
from sent_server import jobs
from sent_server.bus import LocalBus
from sent_server.db import Database, StorageUnavailableError, Tx, migrate
from sent_server.db.open import open_database
from sent_server.jobs import (
    Again,
    Backoff,
    Done,
    External,
    Failed,
    Job,
    JobRow,
    Kind,
    Loaded,
    Local,
    LocalSet,
    Outcome,
    Registry,
    Runner,
)
from sent_server.kernel.clock import FixedClock

LEASE_MS = 10_000
US = "00000000-0000-7000-8000-000000000001"
NOW_MS = 1_000
BACKOFF = Backoff((100, 200), gives_up=True)
RECORD = "INSERT INTO recorded (name, content) VALUES (:name, :content)"
RECORDED = "SELECT name, content FROM recorded ORDER BY name"
JOBS = "SELECT id, kind, due_at_ms FROM jobs ORDER BY id"
Scenario = Callable[["World"], Awaitable[None]]


@dataclass
class World:
    """A database with nothing but the schema, and a step whose parts the test replaces."""

    database: Database
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW_MS))
    failures: list[tuple[str, str, bool]] = field(default_factory=list)
    retries_used: int = 0

    async def enqueue(self, *ids: str, kind: str = "k", due_at_ms: int = NOW_MS, created_at_ms: int = NOW_MS) -> None:
        await self.database.write(
            lambda tx: jobs.enqueue(tx, [(one, kind, US, due_at_ms, created_at_ms) for one in ids])
        )

    async def jobs(self) -> dict[str, tuple[str, int]]:
        """(kind, due_at_ms) by id."""
        return {row[0]: (row[1], row[2]) for row in await self.database.read(lambda tx: tx.fetch(JOBS))}

    async def recorded(self) -> dict[str, str]:
        return dict(await self.database.read(lambda tx: tx.fetch(RECORDED)))

    async def load(self, tx: Tx, job: Job) -> Loaded[str] | None:
        return Loaded(job, job.id, self.retries_used)

    async def record(self, tx: Tx, loaded: Loaded[str], result: str, now_ms: int) -> Outcome:
        await tx.execute(RECORD, name=loaded.job.id, content=result)
        return Done()

    async def note(self, tx: Tx, loaded: Loaded[str], reason: str, *, final: bool, now_ms: int) -> None:
        self.failures.append((loaded.job.id, reason, final))

    def external(
        self,
        call: Callable[[str], Awaitable[str]],
        *,
        load: Callable[[Tx, Job], Awaitable[Loaded[str] | None]] | None = None,
        record: Callable[[Tx, Loaded[str], str, int], Awaitable[Outcome]] | None = None,
        lease_ms: int = LEASE_MS,
    ) -> Kind:
        step = External(load or self.load, call, record or self.record, self.note)
        return Kind("k", lease_ms, step, BACKOFF, batch=3)

    async def run(self, kind: Kind) -> bool:
        return await run_due(self.database, self.clock, kind)


def run(url: str, scenario: Scenario) -> None:
    async def go() -> None:
        async with _opened(url) as world:
            await scenario(world)

    asyncio.run(go())


@contextlib.asynccontextmanager
async def _opened(url: str) -> AsyncGenerator[World]:
    database = await open_database(url)
    try:
        await migrate.apply(database)
        await database.write(lambda tx: tx.execute("CREATE TABLE recorded (name TEXT PRIMARY KEY, content TEXT)"))
        yield World(database)
    finally:
        await database.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'sent.db'}"


async def answer(subject: str) -> str:
    return f"answer to {subject}"


@pytest.mark.parametrize(
    ("backoff", "delays_ms"),
    [
        (Backoff((100, 200), gives_up=True), [100, 200, None, None]),
        (Backoff((100, 200)), [100, 200, 200, 200]),
        (Backoff((100,)), [100, 100, 100, 100]),
    ],
)
def test_back_off_by_retries_used(backoff: Backoff, delays_ms: list[int | None]) -> None:
    assert [backoff.delay_ms(used) for used in range(4)] == delays_ms
    assert backoff.after_crash_ms == 100


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two kinds of job are called 'k'"):
        Registry([Kind("k", LEASE_MS), Kind("k", LEASE_MS)])


def test_results_are_recorded_and_jobs_end(database_url: str) -> None:
    async def scenario(world: World) -> None:
        await world.enqueue("a", "b")
        assert await world.run(world.external(answer))
        assert await world.recorded() == {"a": "answer to a", "b": "answer to b"}
        assert await world.jobs() == {}
        assert not await world.run(world.external(answer))

    run(database_url, scenario)


def test_a_job_is_claimed_when_it_is_due_and_not_before(sqlite_url: str) -> None:
    async def scenario(world: World) -> None:
        await world.enqueue("a", due_at_ms=NOW_MS + 1)
        assert not await world.run(world.external(answer))
        world.clock.advance(1)
        assert await world.run(world.external(answer))
        assert await world.recorded() == {"a": "answer to a"}

    run(sqlite_url, scenario)


def test_a_hint_hands_no_job_out_before_its_time(database_url: str) -> None:
    """A job that was due from the start is, also by a clock that is behind the one that accepted it."""

    async def scenario(world: World) -> None:
        await world.enqueue("due from the start", due_at_ms=9_000, created_at_ms=9_000)
        await world.enqueue("due later", due_at_ms=9_001, created_at_ms=9_000)
        ids = ["due from the start", "due later"]
        named = await world.database.write(lambda tx: jobs.named(tx, "k", ids, now_ms=8_000))
        assert named == [("due from the start", jobs.SINGLE_QUEUE)]
        named = await world.database.write(lambda tx: jobs.named(tx, "k", ids, now_ms=9_001))
        assert sorted(named) == [(one, jobs.SINGLE_QUEUE) for one in ids]

    run(database_url, scenario)


def test_a_job_with_nothing_to_do_ends(sqlite_url: str) -> None:
    async def load(tx: Tx, job: Job) -> None:
        return None

    async def scenario(world: World) -> None:
        await world.enqueue("a")
        assert await world.run(world.external(answer, load=load))
        assert (await world.jobs(), await world.recorded()) == ({}, {})

    run(sqlite_url, scenario)


@pytest.mark.parametrize(
    ("used", "due_at_ms", "final"), [(0, NOW_MS + 100, False), (1, NOW_MS + 200, False), (2, None, True)]
)
def test_a_failure_comes_again_by_the_back_off_until_it_is_given_up(
    sqlite_url: str, used: int, due_at_ms: int | None, final: bool
) -> None:
    async def record(tx: Tx, loaded: Loaded[str], result: str, now_ms: int) -> Outcome:
        return Failed("451 not now")

    async def scenario(world: World) -> None:
        world.retries_used = used
        await world.enqueue("a")
        await world.run(world.external(answer, record=record))
        assert await world.jobs() == ({"a": ("k", due_at_ms)} if due_at_ms else {})
        assert world.failures == [("a", "451 not now", final)]

    run(sqlite_url, scenario)


def test_a_call_that_crashes_is_a_failure_of_this_job_alone(database_url: str) -> None:
    async def call(subject: str) -> str:
        if subject == "b":
            raise ConnectionError("no route")
        return await answer(subject)

    async def scenario(world: World) -> None:
        await world.enqueue("a", "b", "c")
        await world.run(world.external(call))
        assert await world.recorded() == {"a": "answer to a", "c": "answer to c"}
        assert await world.jobs() == {"b": ("k", NOW_MS + 100)}
        assert world.failures == [("b", "ConnectionError", False)]

    run(database_url, scenario)


@pytest.mark.parametrize("crashes_in", ["load", "record"])
def test_a_crash_of_ours_costs_one_job_its_back_off_and_no_retry(database_url: str, crashes_in: str) -> None:
    async def scenario(world: World) -> None:
        async def load(tx: Tx, job: Job) -> Loaded[str] | None:
            if job.id == "b" and crashes_in == "load":
                await tx.execute(RECORD, name="half", content="done")
                raise KeyError("a bug")
            return await world.load(tx, job)

        async def record(tx: Tx, loaded: Loaded[str], result: str, now_ms: int) -> Outcome:
            if loaded.job.id == "b" and crashes_in == "record":
                await tx.execute(RECORD, name="half", content="done")
                raise KeyError("a bug")
            return await world.record(tx, loaded, result, now_ms)

        await world.enqueue("a", "b", "c")
        await world.run(world.external(answer, load=load, record=record))
        assert await world.recorded() == {"a": "answer to a", "c": "answer to c"}
        assert await world.jobs() == {"b": ("k", NOW_MS + 100)}
        assert world.failures == []

    run(database_url, scenario)


def test_a_call_that_outlasts_its_lease_is_cut_off_and_its_neighbours_are_recorded_before(sqlite_url: str) -> None:
    async def scenario(world: World) -> None:
        async def call(subject: str) -> str:
            if subject == "slow":
                await asyncio.Event().wait()
            return await answer(subject)

        kind = world.external(call, lease_ms=600)
        runner = Runner(kind, world.database, world.clock, LocalBus())
        await world.enqueue("a", "slow")
        assert await runner.step()
        assert await world.recorded() == {"a": "answer to a"}
        assert await world.jobs() == {"slow": ("k", NOW_MS + 600)}
        await world.enqueue("late")
        while not world.failures:
            assert await runner.step()
        assert world.failures == [("slow", "no answer within 0.6 s", False)]
        assert await world.recorded() == {"a": "answer to a", "late": "answer to late"}
        assert await world.jobs() == {"slow": ("k", NOW_MS + 100)}

    run(sqlite_url, scenario)


def test_no_more_than_a_batch_is_under_way(sqlite_url: str) -> None:
    async def scenario(world: World) -> None:
        called: list[str] = []
        open_now = asyncio.Event()

        async def call(subject: str) -> str:
            called.append(subject)
            await open_now.wait()
            return subject

        runner = Runner(world.external(call), world.database, world.clock, LocalBus())
        await world.enqueue("a", "b", "c", "d")
        await runner.step()
        await runner.step()
        assert len(called) == 3
        open_now.set()
        while await world.jobs():
            await runner.step()
        assert sorted(called) == ["a", "b", "c", "d"]

    run(sqlite_url, scenario)


def test_a_lease_lost_while_running_writes_nothing(database_url: str) -> None:
    async def scenario(world: World) -> None:
        async def call(subject: str) -> str:
            world.clock.advance(LEASE_MS)
            taken = await world.database.write(
                lambda tx: jobs.claim(tx, "k", now_ms=world.clock.now_ms(), lease_ms=LEASE_MS, count=9)
            )
            assert [job.id for job in taken] == ["a"]
            return "too late"

        await world.enqueue("a")
        assert await world.run(world.external(call))
        assert await world.recorded() == {}
        assert await world.jobs() == {"a": ("k", NOW_MS + 2 * LEASE_MS)}

    run(database_url, scenario)


def test_a_failure_after_a_lost_lease_uses_no_retry_up(database_url: str) -> None:
    async def scenario(world: World) -> None:
        async def call(subject: str) -> str:
            world.clock.advance(LEASE_MS)
            assert await world.run(world.external(answer))
            raise ConnectionError("cut")

        await world.enqueue("a")
        await world.run(world.external(call))
        assert (await world.recorded(), world.failures) == ({"a": "answer to a"}, [])

    run(database_url, scenario)


class Lossy:
    """A database whose next write commits, or not, before the connection is lost."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.loses: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def write(self, fn):
        loss = self.loses.pop(0) if self.loses else ""
        if loss == "request":
            raise StorageUnavailableError("lost")
        result = await self._inner.write(fn)
        if loss == "answer":
            raise StorageUnavailableError("lost")
        return result


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("again", [False, True], ids=["done", "again"])
def test_a_result_outlives_an_outage_and_is_recorded_once(sqlite_url: str, lost: str, again: bool) -> None:
    async def scenario(world: World) -> None:
        called: list[str] = []

        async def call(subject: str) -> str:
            called.append(subject)
            database.loses = [lost]
            return subject

        async def record(tx: Tx, loaded: Loaded[str], result: str, now_ms: int) -> Outcome:
            await world.record(tx, loaded, result, now_ms)
            return Again(500) if again else Done()

        database: Any = Lossy(world.database)
        runner = Runner(world.external(call, record=record), database, world.clock, LocalBus())
        await world.enqueue("a")
        with pytest.raises(StorageUnavailableError):
            await runner.step()
        await runner.step()
        assert (called, await world.recorded()) == (["a"], {"a": "a"})
        assert await world.jobs() == ({"a": ("k", NOW_MS + 500)} if again else {})

    run(sqlite_url, scenario)


def test_stopping_records_what_ends_soon(sqlite_url: str) -> None:
    async def scenario(world: World) -> None:
        asked, go = asyncio.Event(), asyncio.Event()

        async def call(subject: str) -> str:
            asked.set()
            await go.wait()
            return subject

        runner = Runner(world.external(call), world.database, world.clock, LocalBus())
        await world.enqueue("a")
        runner.start()
        await asked.wait()
        stopping = asyncio.create_task(runner.stop())
        go.set()
        await stopping
        assert (await world.recorded(), await world.jobs()) == ({"a": "a"}, {})

    run(sqlite_url, scenario)


def test_a_local_step_ends_moves_or_comes_again_and_a_crash_costs_one_job(database_url: str) -> None:
    async def handle(tx: Tx, job: Job, now_ms: int) -> Done | Again:
        await tx.execute(RECORD, name=job.id, content="handled")
        match job.id:
            case "bad":
                raise KeyError("a bug")
            case "again":
                return Again(700)
            case "on":
                return Again(800, kind="next")
            case _:
                return Done()

    async def scenario(world: World) -> None:
        await world.enqueue("again", "bad", "done", "on")
        assert await world.run(Kind("k", LEASE_MS, Local(handle), BACKOFF))
        assert await world.jobs() == {
            "again": ("k", NOW_MS + 700),
            "bad": ("k", NOW_MS + 100),
            "on": ("next", NOW_MS + 800),
        }
        assert sorted(await world.recorded()) == ["again", "done", "on"]

    run(database_url, scenario)


def test_a_set_with_a_bad_job_is_handled_without_it(database_url: str) -> None:
    async def handle(tx: Tx, due: Sequence[Job], now_ms: int) -> None:
        for job in due:
            await tx.execute(RECORD, name=job.id, content=str(len(due)))
            if job.id == "bad":
                raise KeyError("a bug")
        await jobs.finish(tx, due)

    async def scenario(world: World) -> None:
        await world.enqueue("a", "bad", "c")
        assert await world.run(Kind("k", LEASE_MS, LocalSet(handle), BACKOFF))
        assert await world.recorded() == {"a": "1", "c": "1"}
        assert await world.jobs() == {"bad": ("k", NOW_MS + 100)}

    run(database_url, scenario)


def test_a_start_releases_leases_and_nothing_that_was_put_off(sqlite_url: str) -> None:
    """A step that stays in one transaction leaves no lease: what it moved is due when it said."""

    async def handle(tx: Tx, job: Job, now_ms: int) -> Done | Again:
        return Again(700)

    async def scenario(world: World) -> None:
        kinds = [
            Kind("external", LEASE_MS, External(world.load, answer, world.record)),
            Kind("engine", LEASE_MS),
            Kind("local", LEASE_MS, Local(handle)),
        ]
        registry = Registry(kinds)
        for kind in kinds:
            await world.enqueue(kind.name, kind=kind.name)
            await world.database.write(
                lambda tx, kind=kind: jobs.claim(tx, kind.name, now_ms=NOW_MS, lease_ms=LEASE_MS, count=1)
            )
        await world.enqueue("new", kind="engine", due_at_ms=NOW_MS + 5)
        await world.database.write(lambda tx: registry.release_all(tx, now_ms=NOW_MS + 1))
        due = {one: due_at_ms for one, (_, due_at_ms) in (await world.jobs()).items()}
        assert due == {
            "external": NOW_MS + 1,
            "engine": NOW_MS + 1,
            "local": NOW_MS + LEASE_MS,
            "new": NOW_MS + 5,
        }

    run(sqlite_url, scenario)


def test_a_start_reports_jobs_of_a_kind_that_nobody_registered(sqlite_url: str, capsys: pytest.CaptureFixture) -> None:
    async def scenario(world: World) -> None:
        await world.enqueue("a", kind="forgotten")
        await world.enqueue("b", kind="known")
        registry = Registry([Kind("known", LEASE_MS)])
        await world.database.write(lambda tx: registry.release_all(tx, now_ms=NOW_MS))

    run(sqlite_url, scenario)
    out = capsys.readouterr().out
    assert "jobs.kind_unknown" in out
    assert "forgotten" in out
    assert "known " not in out.replace("kind_unknown ", "")


def test_queues_are_served_in_turn_and_the_crowd_of_one_delays_no_other(database_url: str) -> None:
    handled: list[str] = []

    async def handle(tx: Tx, due: Sequence[Job], now_ms: int) -> None:
        handled.extend(job.id for job in due)
        await jobs.finish(tx, due)

    async def scenario(world: World) -> None:
        rows = [JobRow(f"crowd-{n:02}", "k", "crowd", US, NOW_MS - 100, NOW_MS - 100) for n in range(20)]
        rows += [JobRow("few-1", "k", "few", US, NOW_MS, NOW_MS), JobRow("later", "k", "few", US, NOW_MS + 1, NOW_MS)]
        await world.database.write(lambda tx: jobs.enqueue_keyed(tx, rows))
        kind = Kind("k", LEASE_MS, LocalSet(handle), batch=4, has_queues=True)
        runner = Runner(kind, world.database, world.clock, LocalBus())
        assert await runner.step()
        assert "few-1" in handled
        assert len(handled) == 3  # half a batch of the crowd, and all of the others
        for _ in range(6):
            await runner.step()
        assert sorted(handled) == [*(f"crowd-{n:02}" for n in range(20)), "few-1"]
        assert not await runner.step()
        world.clock.advance(1)
        assert await runner.step()
        assert handled[-1] == "later"

    run(database_url, scenario)


def test_a_job_that_crashes_stays_in_its_queue(sqlite_url: str) -> None:
    async def crash(tx: Tx, due: Sequence[Job], now_ms: int) -> None:
        raise RuntimeError("a bug")

    async def scenario(world: World) -> None:
        await world.database.write(lambda tx: jobs.enqueue_keyed(tx, [JobRow("a", "k", "mine", US, NOW_MS, NOW_MS)]))
        kind = Kind("k", LEASE_MS, LocalSet(crash), BACKOFF, has_queues=True)
        assert await world.run(kind)
        queues = await world.database.read(lambda tx: tx.fetch("SELECT lane, due_at_ms FROM jobs"))
        assert [tuple(row) for row in queues] == [("mine", NOW_MS + 100)]

    run(sqlite_url, scenario)
