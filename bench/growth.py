"""growth: the same requests beside 10 thousand and beside 1 million stored messages.

`python -m bench.growth [--database postgresql://...] [--small N] [--large N]`. Two installations run side by side and
take turns; a figure is the median over the pairs of (p50 or p99 with many) / (p50 or p99 with few). The messages went
through the engine once and were then multiplied (bench/fill.py): each has its contact, its request, its idempotency
key, its events, attempt, receipt and ledger entries. Ids and contacts are picked at random among all.
"""

import argparse
import contextlib
import os
import random
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import bodies, report
from bench.accept import LOOPBACK, PATH, template_id
from bench.figures import Figure, Window, Worker
from bench.figures import measure as measure_window
from bench.fill import multiply
from bench.load import Plan, drive
from bench.processes import NO_WORKERS, Running, behind, sent_up
from bench.stored import fresh_database, is_settled, query

SEED_MESSAGES = 1_000
SMALL, LARGE = 10_000, 1_000_000
PAIRS = 5
CONNECTIONS = 8
SECONDS = 1.2
PICKED = 5_000
AIM_P50, AIM_P99 = 1.2, 1.5
DRAIN_TIMEOUT_S = 60
SAMPLE_IDS = "SELECT id FROM messages"
SAMPLE_CONTACTS = "SELECT id, phone FROM contacts"
COUNTED = "SELECT COUNT(*) FROM messages"
DELIVERED = "SELECT COUNT(*) FROM messages WHERE status IN ('DELIVERED', 'READ')"


@dataclass(frozen=True, slots=True)
class Side:
    """An installation with many or few messages. `ids` are some of them, `contacts` ids and numbers of some people."""

    server: Running
    api_key: str
    template_id: str
    messages: int
    ids: Sequence[str]
    contacts: Sequence[tuple[str, str]]
    others: Sequence[Worker]

    def plan(self, method: str, targets: Sequence[str], contents: Sequence[str] = ("",)) -> Plan:
        return Plan(
            port=self.server.port,
            method=method,
            targets=targets,
            headers={"x-api-key": self.api_key},
            bodies=contents,
            fresh_keys=method == "POST",
            connections=CONNECTIONS,
            seconds=SECONDS,
            warm_up_s=0.2,
        )


def accept(side: Side) -> Plan:
    numbers = random.sample(range(side.messages), min(PICKED, side.messages))
    contents = [bodies.send([f"+1{bodies.KNOWN_FROM + number}"], side.template_id) for number in numbers]
    return side.plan("POST", [PATH], contents)


def get_by_id(side: Side) -> Plan:
    return side.plan("GET", [f"{PATH}/{found}" for found in side.ids])


def activities(side: Side) -> Plan:
    return side.plan("GET", [f"{PATH}/{found}/activities" for found in side.ids])


def list_page(side: Side) -> Plan:
    return side.plan("GET", [f"/v3/contacts?page={page}&page_size=20" for page in (1, 2, 3)])


def message_list(side: Side) -> Plan:
    return side.plan("GET", [f"{PATH}?page={page}&page_size=20" for page in (1, 2, 3)])


def frequent_filter(side: Side) -> Plan:
    return side.plan("GET", [f"{PATH}?status=delivered&page={page}&page_size=20" for page in (1, 2, 3)])


def rare_filter(side: Side) -> Plan:
    """Nothing matches, so the search reads as far as a request may."""
    return side.plan("GET", [f"{PATH}?status=blocked&page_size=20"])


def by_phone(side: Side) -> Plan:
    return side.plan("GET", [f"{PATH}?phone=%2B{phone[1:]}&page_size=20" for _, phone in side.contacts])


def conversation(side: Side) -> Plan:
    return side.plan("GET", [f"/v3/conversations/{contact_id}?page_size=20" for contact_id, _ in side.contacts])


def summary(side: Side) -> Plan:
    return side.plan("GET", [f"/v3/contacts/{contact_id}/message-summary" for contact_id, _ in side.contacts])


REQUESTS: dict[str, Callable[[Side], Plan]] = {
    "accept": accept,
    "get by id": get_by_id,
    "activities": activities,
    "list page of contacts": list_page,
    "message list": message_list,
    "message list, frequent filter": frequent_filter,
    "message list, rare filter": rare_filter,
    "message list, by phone": by_phone,
    "conversation": conversation,
    "summary of a contact": summary,
}


@contextlib.contextmanager
def side(folder: Path, server_url: str, messages: int) -> Generator[Side]:
    """Fill an installation and start it again without its workers: growth is about storage, not about the engine."""
    home = folder / f"with-{messages}"
    with fresh_database(server_url, f"with_{messages}") as database:
        _seed(home, database)
        multiply(home, database, messages // SEED_MESSAGES - 1)
        stored = query(home, database, COUNTED)[0][0]
        every = max(1, stored // PICKED)
        ids = [str(row[0]) for row in query(home, database, SAMPLE_IDS)][::every]
        contacts = [(str(row[0]), str(row[1])) for row in query(home, database, SAMPLE_CONTACTS)][::every]
        random.shuffle(ids)
        random.shuffle(contacts)
        with sent_up(home, database=database, env={**LOOPBACK, **NO_WORKERS}) as server:
            yield Side(server, server.ready["api_key"], template_id(server), messages, ids, contacts, behind(database))


def _seed(home: Path, database: str) -> None:
    """A thousand requests of one recipient each, all the way to DELIVERED."""
    with sent_up(home, database=database, env=LOOPBACK) as server:
        plan = Plan(
            port=server.port,
            method="POST",
            targets=[PATH],
            headers={"x-api-key": server.ready["api_key"]},
            bodies=[bodies.send([phone], template_id(server)) for phone in bodies.known_phones(SEED_MESSAGES)],
            fresh_keys=True,
            once=True,
            seconds=30,
            warm_up_s=0,
        )
        drive(plan)
        deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
        while not is_settled(home, database):
            if time.monotonic() > deadline_s:
                raise RuntimeError("the engine did not deliver the seed messages")
            time.sleep(0.2)
        delivered = query(home, database, DELIVERED)[0][0]
        if delivered < SEED_MESSAGES:
            raise RuntimeError(f"only {delivered} of {SEED_MESSAGES} seed messages were delivered")


def run(server_url: str, small_count: int, large_count: int) -> None:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary, contextlib.ExitStack() as stack:
        folder = Path(temporary)
        started_s = time.monotonic()
        small = stack.enter_context(side(folder, server_url, small_count))
        large = stack.enter_context(side(folder, server_url, large_count))
        # Or the system would still be writing gigabytes to disk while the first pairs are measured.
        os.sync()
        filled_s = time.monotonic() - started_s
        for warm in (small, large):
            for plan in REQUESTS.values():
                drive(plan(warm))
        pairs: dict[str, list[tuple[Window, Window]]] = {name: [] for name in REQUESTS}
        for turn in range(PAIRS):
            for name, plan in REQUESTS.items():
                order = (small, large) if turn % 2 == 0 else (large, small)
                windows = {id(one): measure_window(one.server, plan(one), others=one.others) for one in order}
                pairs[name].append((windows[id(small)], windows[id(large)]))
        for name, found in pairs.items():
            figures += _figures(name, found)
    where = "PostgreSQL" if server_url else "SQLite, synchronous=FULL"
    notes = (
        f"{small_count:,} messages against {large_count:,}; median of {PAIRS} interleaved pairs, "
        f"{CONNECTIONS} connections; filling took {filled_s:.0f} s.",
        "p50 and p99 are those with many messages; the ratio compares them with few.",
    )
    report.show(f"growth on {where}", figures, notes=notes)


def _figures(name: str, pairs: Sequence[tuple[Window, Window]]) -> list[Figure]:
    p50 = median(many.load.p50_ms / few.load.p50_ms for few, many in pairs)
    p99 = median(many.load.p99_ms / few.load.p99_ms for few, many in pairs)
    many = [pair[1] for pair in pairs]
    noise = max(window.noise for pair in pairs for window in pair)
    few_ms = median(few.load.p50_ms for few, _ in pairs), median(few.load.p99_ms for few, _ in pairs)
    many_ms = median(window.load.p50_ms for window in many), median(window.load.p99_ms for window in many)
    memory_mb = max(window.server_mb for window in many)
    cpu_us = median(window.cpu_us_per_message for window in many)
    per_s = median(window.load.per_s for window in many)
    raw = {"few_p50_ms": few_ms[0], "few_p99_ms": few_ms[1]}
    return [
        Figure(f"{name}, p50", f"{per_s:,.0f} req/s", f"{p50:.2f}", f"≤ {AIM_P50}", p50 <= AIM_P50,
               many_ms[0], None, memory_mb, cpu_us, noise, raw),
        Figure(f"{name}, p99", "", f"{p99:.2f}", f"≤ {AIM_P99}", p99 <= AIM_P99, None, many_ms[1], noise=noise),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="a PostgreSQL URL whose user may create databases")
    parser.add_argument("--small", type=int, default=SMALL, help="messages on one side, a multiple of 1,000")
    parser.add_argument("--large", type=int, default=LARGE, help="messages on the other side, at most 1,000,000")
    arguments = parser.parse_args()
    run(arguments.database, arguments.small, arguments.large)


if __name__ == "__main__":
    main()
