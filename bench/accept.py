"""accept: durable POST /v3/messages over the whole path, against a bare route of the same framework.

`python -m bench.accept [--database postgresql://...]`. The bare route and the product take turns, so that both see the
same machine; ratios are medians over the turns. `--against PATH` compares two checkouts instead.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import bodies, pairs, report
from bench.bodies import NewPhones
from bench.figures import Figure, Window, Worker, cpu_ratio, measure, messages_per_s, of_windows, per_s
from bench.load import Plan, drive
from bench.pairs import Sample
from bench.processes import NO_WORKERS, Running, behind, module, sent_up
from bench.stored import fresh_database

CONNECTIONS = 64
KNOWN = 10_000
ROUNDS = 3
SECONDS = 3.0
MANY = 100
AIM_RATIO = 0.3
AIM_P99_MS = 25
AIM_KNOWN_PER_S = 30_000
AIM_NEW_PER_S = 8_000
PATH = "/v3/messages"
# What the embedded default allows anyway, and PostgreSQL does not.
LOOPBACK = {"SENT_EGRESS_ALLOW_LOOPBACK": "1"}


@dataclass(frozen=True, slots=True)
class Target:
    """A server, what works for it, and the form of its requests."""

    server: Running
    path: str
    api_key: str
    template_id: str
    others: Sequence[Worker] = ()

    def plan(self, phones: Sequence[str], size: int, *, channel: str | None = None, **options: object) -> Plan:
        content = [bodies.send(part, self.template_id, channel=channel) for part in bodies.portions(phones, size)]
        values: dict[str, object] = {"connections": CONNECTIONS, "seconds": SECONDS, **options}
        return Plan(
            port=self.server.port,
            method="POST",
            targets=[self.path],
            headers={"x-api-key": self.api_key},
            bodies=content,
            fresh_keys=True,
            **values,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, slots=True)
class Placed:
    target: Target
    home: Path
    database: str


@contextlib.contextmanager
def product(
    folder: Path, name: str, server_url: str, *, workers: bool, checkout: Path | None = None
) -> Generator[Placed]:
    home = folder / name
    env = {**LOOPBACK, **({} if workers else NO_WORKERS), **pairs.environment(checkout)}
    with fresh_database(server_url, name) as database, sent_up(home, database=database, env=env) as server:
        target = Target(server, PATH, server.ready["api_key"], template_id(server), behind(database))
        # Meet the contacts before anything is measured.
        drive(target.plan(bodies.known_phones(KNOWN), 1_000, once=True, connections=2, seconds=30, warm_up_s=0))
        yield Placed(target, home, database)


def template_id(server: Running) -> str:
    found: dict[str, str] = server.ready["template_ids"]
    return str(next(iter(found.values())))


def run(server_url: str) -> None:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary, module("bench.bare") as bare:
        folder = Path(temporary)
        with product(folder, "off", server_url, workers=False) as placed:
            off = placed.target
            like = Target(bare, PATH, off.api_key, off.template_id)
            plain = Target(bare, f"{PATH}/plain", off.api_key, off.template_id)
            figures += _one_recipient(off, like, plain)
            figures += _many_recipients(off, like)
        with product(folder, "on", server_url, workers=True) as placed:
            on = placed.target
            like = Target(bare, PATH, on.api_key, on.template_id)
            figures += _with_workers(on, like)
    where = "PostgreSQL" if server_url else "SQLite, synchronous=FULL"
    report.show(f"accept on {where}, {CONNECTIONS} connections, one process", figures, notes=NOTES)


def run_pairs(server_url: str, against: Path, count: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary,
        product(Path(temporary), "this", server_url, workers=False) as this,
        product(Path(temporary), "other", server_url, workers=False, checkout=against) as other,
    ):
        figures: list[Figure] = []
        for name, size in (("accept", 1), (f"accept, {MANY} recipients", MANY)):
            taken = pairs.take(lambda: _sample(this.target, size), lambda: _sample(other.target, size), count)  # noqa: B023
            figures += pairs.figures(name, taken)
    report.show("accept-pairs with the dispatcher off", figures, notes=pairs.NOTES)


def _sample(target: Target, size: int) -> Sample:
    window = _window(target, bodies.known_phones(KNOWN), size)
    return Sample(window.cpu_us_per_message, window.messages_per_s, window.noise)


NOTES = (
    "bare: Starlette router with an ASGI endpoint, the product's own form; ratios are against it.",
    "bare, plain: the same with Request and Response, as Starlette's documentation shows.",
    "by CPU time: CPU per message of the bare route through that of the product; steadier than rates under noise.",
    "CPU counts the server's process only, threads included; PostgreSQL's own work is not in it.",
)


def _one_recipient(off: Target, bare: Target, plain: Target) -> list[Figure]:
    phones = bodies.known_phones(KNOWN)
    turns: list[tuple[Window, Window]] = []
    for _ in range(ROUNDS):
        turns.append((_window(bare, phones, 1), _window(off, phones, 1)))
    plain_window = _window(plain, phones, 1)
    bares, offs = [turn[0] for turn in turns], [turn[1] for turn in turns]
    ratio = median(own.load.per_s / other.load.per_s for other, own in turns)
    p99_ms = median(window.load.p99_ms for window in offs)
    return [
        of_windows("bare", bares, f"{per_s(bares):,.0f} req/s", ratio="1.00"),
        of_windows("bare, plain", [plain_window], f"{plain_window.load.per_s:,.0f} req/s",
                   ratio=f"{plain_window.load.per_s / per_s(bares):.2f}"),
        of_windows("accept, dispatcher off", offs, f"{per_s(offs):,.0f} req/s",
                   ratio=f"{ratio:.3f}", aim=f"≥ {AIM_RATIO}", met=ratio >= AIM_RATIO),
        Figure("  by CPU time", "", ratio=f"{cpu_ratio(offs, bares):.3f}"),
        Figure("  p99 at 64 connections", f"{p99_ms:.1f} ms", aim=f"< {AIM_P99_MS} ms", met=p99_ms < AIM_P99_MS),
    ]  # fmt: skip


def _many_recipients(off: Target, bare: Target) -> list[Figure]:
    phones = bodies.known_phones(KNOWN)
    new = NewPhones()
    bares = [_window(bare, phones, MANY)]
    known = [_window(off, phones, MANY) for _ in range(2)]
    unknown: list[Window] = []
    for _ in range(2):
        # More than a window can use; what is left over stays unknown.
        enough = new.take(int(AIM_NEW_PER_S * 12 * SECONDS))
        plan = off.plan(enough, MANY, once=True)
        unknown.append(measure(off.server, plan, recipients=MANY, others=off.others))
    known_per_s, new_per_s = messages_per_s(known), messages_per_s(unknown)
    return [
        of_windows("bare, 100 recipients", bares, f"{messages_per_s(bares):,.0f} msg/s", ratio="1.00"),
        of_windows("100 known contacts", known, f"{known_per_s:,.0f} msg/s",
                   ratio=f"{known_per_s / messages_per_s(bares):.3f}",
                   aim=f"≥ {AIM_KNOWN_PER_S:,}/s", met=known_per_s >= AIM_KNOWN_PER_S),
        of_windows("100 new contacts", unknown, f"{new_per_s:,.0f} msg/s",
                   ratio=f"{new_per_s / messages_per_s(bares):.3f}",
                   aim=f"≥ {AIM_NEW_PER_S:,}/s", met=new_per_s >= AIM_NEW_PER_S),
    ]  # fmt: skip


def _with_workers(on: Target, bare: Target) -> list[Figure]:
    phones = bodies.known_phones(KNOWN)
    turns = [(_window(bare, phones, 1), _window(on, phones, 1)) for _ in range(2)]
    windows = [turn[1] for turn in turns]
    ratio = median(own.load.per_s / other.load.per_s for other, own in turns)
    return [of_windows("accept, dispatcher on", windows, f"{per_s(windows):,.0f} req/s", ratio=f"{ratio:.3f}")]


def _window(target: Target, phones: Sequence[str], size: int) -> Window:
    return measure(target.server, target.plan(phones, size), recipients=size, others=target.others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="a PostgreSQL URL whose user may create databases")
    pairs.add_arguments(parser)
    chosen = parser.parse_args()
    if chosen.against:
        run_pairs(chosen.database, chosen.against, chosen.pairs)
    else:
        run(chosen.database)


if __name__ == "__main__":
    main()
