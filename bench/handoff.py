"""handoff: how many jobs per second one consumer takes over, claims under a lease and finishes.

`python -m bench.handoff [--database ...] [--bus ...]`. Nothing is submitted: this is what the queue alone can do. Jobs
are claimed and finished in two transactions per portion, as the dispatcher does. By the head of the queue, and by ids
that come through JetStream; everything runs in one process.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import uvloop

from bench import report
from bench.figures import Figure
from bench.processes import BUS, DATABASE
from bench.stored import fresh_database
from sent_server import jobs
from sent_server.bus.nats import NatsBus
from sent_server.db import Database, Tx, migrate, open_database
from sent_server.delivery.dispatch import BATCH_SIZE
from sent_server.jobs import Job, JobRow
from sent_server.kernel import ids

JOBS = 20_000
ROUNDS = 3
KIND = "dispatch:bench"
LANE = "a customer/+15005550006"
LEASE_MS = 60_000
STALLED_AFTER_S = 10


async def fill(database: Database) -> list[str]:
    names = [ids.new_id(_now_ms()) for _ in range(JOBS)]
    rows = [JobRow(name, KIND, LANE, "a customer", 0, 0) for name in names]
    for start in range(0, JOBS, 1_000):
        await database.write(lambda tx, start=start: jobs.enqueue_keyed(tx, rows[start : start + 1_000]))
    return names


async def by_head(database: Database) -> float:
    """Jobs per second."""
    await fill(database)

    async def claim() -> list[Job]:
        return await database.write(
            lambda tx: jobs.claim(tx, KIND, queue_key=LANE, now_ms=_now_ms(), lease_ms=LEASE_MS, count=BATCH_SIZE)
        )

    return await _rate(database, claim)


async def by_ids(database: Database, here: NatsBus, there: NatsBus) -> float:
    """The same, hinted over another connection to the broker."""
    names = await fill(database)
    for start in range(0, JOBS, BATCH_SIZE):
        there.hint(KIND, names[start : start + BATCH_SIZE])

    async def claim() -> list[Job]:
        named = here.take(KIND)
        waited_s = time.monotonic()
        while not named:
            if time.monotonic() - waited_s > STALLED_AFTER_S:
                raise RuntimeError("the bus forgot some ids")
            await here.wait(KIND, timeout_ms=100)
            named = here.take(KIND)

        async def lease(tx: Tx) -> list[Job]:
            free = await jobs.named(tx, KIND, named, now_ms=_now_ms())
            return await jobs.lease(tx, [job_id for job_id, _ in free], leased_until_ms=_now_ms() + LEASE_MS)

        return await database.write(lease)

    return await _rate(database, claim)


async def _rate(database: Database, claim: Callable[[], Awaitable[list[Job]]]) -> float:
    started_s, done = time.perf_counter(), 0
    while done < JOBS:
        claimed = await claim()
        await database.write(lambda tx, claimed=claimed: jobs.finish(tx, claimed))
        done += len(claimed)
    return JOBS / (time.perf_counter() - started_s)


async def measure(sqlite_url: str, postgres_url: str, bus_url: str) -> list[Figure]:
    sqlite, postgres = await open_database(sqlite_url), await open_database(postgres_url)
    for database in (sqlite, postgres):
        await migrate.apply(database)
    name = f"bench{time.time_ns()}"
    here, there = [await NatsBus.connect([bus_url], installation=name) for _ in range(2)]
    here.take(KIND)  # makes the consumer
    await asyncio.sleep(0.5)
    turns = [
        (await by_head(sqlite), await by_head(postgres), await by_ids(postgres, here, there)) for _ in range(ROUNDS)
    ]
    for one in (here, there, sqlite, postgres):
        await one.close()
    names = (
        "SQLite, by the head of the queue",
        "PostgreSQL, by the head of the queue",
        "PostgreSQL, ids through JetStream",
    )
    rates = [median(turn[number] for turn in turns) for number in range(len(names))]
    return [
        Figure(text, f"{rate:,.0f} jobs/s", ratio=f"{rate / rates[0]:.2f}")
        for text, rate in zip(names, rates, strict=True)
    ]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default=DATABASE, help="a PostgreSQL URL whose user may create databases")
    parser.add_argument("--bus", default=BUS, help="NATS with JetStream")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary,
        fresh_database(given.database, "handoff") as database,
    ):
        sqlite_url = f"sqlite:///{Path(temporary) / 'sent.db'}"
        figures = uvloop.run(measure(sqlite_url, database, given.bus))
    report.show("handoff of jobs, one consumer", figures, notes=NOTES)


NOTES = (
    f"portions of {BATCH_SIZE}, a transaction to claim each and one to finish it; ratio: against SQLite.",
    "Ids win where a head is expensive (dead rows, many idle workers): docs/decisions/0006.",
)


if __name__ == "__main__":
    main()
