"""scale: one API and one worker process over PostgreSQL, NATS and Redis, against everything in one process on SQLite.

`python -m bench.scale [--database ...] [--bus ...] [--cache ...]`. All of it shares this machine's cores: the services,
the driver, and in both installations the simulated carriers. The two take turns, so ratios belong to the same minutes.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench import bodies, report
from bench.accept import KNOWN, LOOPBACK, PATH, Target, product, template_id
from bench.figures import Figure, Window, measure, of_windows, per_s
from bench.lifecycle import Run, Site, carry
from bench.load import drive
from bench.processes import BUS, CACHE, DATABASE, ServiceProcesses, role, sent_up
from bench.stored import fresh_database, is_settled, query

ROUNDS = 2
MESSAGES = 15_000
BACKLOGS = (5_000, 40_000)
AIM_ACCEPT, AIM_LIFECYCLE = 0.6, 0.7
DRAIN_TIMEOUT_S = 120
SERVICES = (ServiceProcesses(("(postgres",)), ServiceProcesses(("(nats-server",)))
SENT_ON = "SELECT COUNT(*) FROM attempts"


@dataclass(frozen=True, slots=True)
class Services:
    database: str
    bus: str
    cache: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """One API process of an installation in many; `env` is what its workers need."""

    target: Target
    home: Path
    database: str
    env: dict[str, str]

    @contextlib.contextmanager
    def working(self, *, webhook: bool = False) -> Generator[Site]:
        with role("worker", self.env) as worker:
            yield Site(replace(self.target, others=[*self.target.others, worker]), self.home, self.database, None)


@contextlib.contextmanager
def fleet(folder: Path, services: Services) -> Generator[Fleet]:
    home = folder / "fleet"
    with fresh_database(services.database, "fleet") as database:
        with sent_up(home, database=database, env=LOOPBACK) as first:
            api_key, template = first.ready["api_key"], template_id(first)
        env = {
            **LOOPBACK,
            "SENT_HOME": str(home),
            "SENT_DATABASE_URL": database,
            "SENT_BUS_URL": services.bus,
            "SENT_CACHE_URL": services.cache,
        }
        with role("api", env) as api:
            made = Fleet(Target(api, PATH, api_key, template, [ServiceProcesses()]), home, database, env)
            _meet_contacts(made.target)
            with made.working() as site:
                wait_until_idle(site)
            yield made


def _meet_contacts(target: Target) -> None:
    drive(target.plan(bodies.known_phones(KNOWN), 1_000, once=True, connections=2, seconds=30, warm_up_s=0))


def wait_until_idle(site: Site) -> None:
    deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
    while not is_settled(site.home, site.database):
        if time.monotonic() > deadline_s:
            raise RuntimeError("the engine did not finish what was accepted")
        time.sleep(0.2)


def compare_accepts(many: Fleet, folder: Path) -> list[Figure]:
    """With nobody working behind either: accepting alone."""
    phones = bodies.known_phones(KNOWN)
    with product(folder, "alone", "", workers=False) as embedded:
        turns = [(_accepts(embedded.target, phones), _accepts(many.target, phones)) for _ in range(ROUNDS)]
    alone, of_many = [turn[0] for turn in turns], [turn[1] for turn in turns]
    ratio = median(own.load.per_s / other.load.per_s for other, own in turns)
    return [
        of_windows("accept, one process on SQLite", alone, f"{per_s(alone):,.0f} req/s", ratio="1.00"),
        of_windows("accept, API process of a fleet", of_many, f"{per_s(of_many):,.0f} req/s", ratio=f"{ratio:.2f}",
                   aim=f"≥ {AIM_ACCEPT}", met=ratio >= AIM_ACCEPT),
    ]  # fmt: skip


def _accepts(target: Target, phones: Sequence[str]) -> Window:
    return measure(target.server, target.plan(phones, 1), others=target.others)


def compare_lifecycles(many: Fleet, folder: Path) -> list[Figure]:
    figures: list[Figure] = []
    with product(folder, "whole", "", workers=True) as placed, many.working() as of_many:
        alone = Site(placed.target, placed.home, placed.database, None)
        # What the comparison of accepts has left behind would be noise here.
        for one in (alone, of_many):
            wait_until_idle(one)
        for size in (100, 1):
            runs: list[tuple[Run, Run]] = []
            services_s: list[Sequence[float]] = []
            for _ in range(ROUNDS):
                one = carry(alone, size=size, messages=MESSAGES)
                before_s = [service.cpu_s() for service in SERVICES]
                runs.append((one, carry(of_many, size=size, messages=MESSAGES)))
                services_s.append(
                    [service.cpu_s() - used_s for service, used_s in zip(SERVICES, before_s, strict=True)]
                )
            ratio = median(own.per_s / other.per_s for other, own in runs)
            figures.append(_figure(f"to DELIVERED, {size} per request, SQLite", [run[0] for run in runs], 1.0))
            figures.append(
                _figure(f"to DELIVERED, {size} per request, fleet", [run[1] for run in runs], ratio, AIM_LIFECYCLE)
            )
            figures += [
                Figure(
                    f"  of which {name}",
                    "",
                    cpu_us_per_message=median(used_s[number] for used_s in services_s) / MESSAGES * 1e6,
                )
                for number, name in enumerate(("PostgreSQL", "NATS"))
            ]
    return figures


def _figure(name: str, runs: Sequence[Run], ratio: float, aim: float | None = None) -> Figure:
    missing = sum(run.accepted - run.delivered for run in runs)
    return Figure(
        f"{name} ({missing} missing)" if missing else name,
        f"{median(run.per_s for run in runs):,.0f} msg/s",
        ratio=f"{ratio:.2f}",
        aim=f"≥ {aim}" if aim else "",
        met=None if aim is None else ratio >= aim and not missing,
        p50_ms=median(sorted(runs[-1].lags_ms)),
        memory_mb=max(run.memory_mb for run in runs),
        cpu_us_per_message=median(run.cpu_s / run.accepted * 1e6 for run in runs),
        noise=max(run.noise for run in runs),
    )


def drain(many: Fleet) -> list[Figure]:
    """What waits is accepted without a worker; then one starts and finds it."""
    rates: list[float] = []
    figures: list[Figure] = []
    for backlog in BACKLOGS:
        before = query(many.home, many.database, SENT_ON)[0][0]
        plan = many.target.plan(
            bodies.known_phones(KNOWN),
            100,
            channel="sms",
            connections=8,
            seconds=60,
            warm_up_s=0,
            max_requests=backlog // 100,
        )
        drive(plan)
        started_s = time.monotonic()
        with many.working() as site:
            while query(many.home, many.database, SENT_ON)[0][0] - before < backlog:
                if time.monotonic() - started_s > DRAIN_TIMEOUT_S:
                    raise RuntimeError("the worker did not hand over what was waiting")
                time.sleep(0.05)
            rates.append(backlog / (time.monotonic() - started_s))
            wait_until_idle(site)
        figures.append(
            Figure(
                f"handed to carriers, {backlog:,} waiting",
                f"{rates[-1]:,.0f} msg/s",
                ratio=f"{rates[-1] / rates[0]:.2f}",
            )
        )
    return figures


def run(services: Services) -> None:
    with tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary:
        folder = Path(temporary)
        with fleet(folder, services) as many:
            figures = compare_accepts(many, folder) + compare_lifecycles(many, folder) + drain(many)
    report.show("scale of 1 API + 1 worker over PostgreSQL, NATS and Redis", figures, notes=NOTES)


NOTES = (
    "ratio: against one process on SQLite; of the hand-over: against the first backlog. It starts with the",
    "worker's process, whose own start is in it. CPU counts the API process (fleet) or the whole process (SQLite).",
)


def services_arguments(parser: argparse.ArgumentParser) -> Services:
    parser.add_argument("--database", default=DATABASE, help="a PostgreSQL URL whose user may create databases")
    parser.add_argument("--bus", default=BUS, help="NATS with JetStream")
    parser.add_argument("--cache", default=CACHE, help="Redis or Valkey")
    given = parser.parse_args()
    return Services(given.database, given.bus, given.cache)


def main() -> None:
    run(
        services_arguments(
            argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        )
    )


if __name__ == "__main__":
    main()
