"""lifecycle: accepted -> DELIVERED -> webhook received, everything on this machine.

`python -m bench.lifecycle [--database postgresql://...]`. A rate is all messages of a run divided by the time from the
first accept to the last DELIVERED (or to the last webhook received), so accepting them is inside it. Lag is measured
in a run of its own, paced below that rate; the simulated handset's 300 ms are inside it. `--against PATH` compares two
checkouts instead.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

from bench import bodies, pairs, report
from bench.accept import KNOWN, Target, product
from bench.calls import call
from bench.figures import Figure
from bench.load import drive
from bench.pairs import Sample
from bench.processes import Running, machine_busy_s, module
from bench.stored import is_settled, query

AIM_PER_S = {False: 4_000, True: 1_500}
MESSAGES = {False: 30_000, True: 15_000}
PAIR_MESSAGES = 5_000
PACE = 0.6
PACED_SECONDS = 5.0
DRAIN_TIMEOUT_S = 45
POLL_S = 0.2
CHANNEL = "sms"
IDS = "SELECT id FROM messages WHERE created_at_ms >= {since_ms}"
# One row per message of the run: accepted, delivered (null if it never was).
TIMES = """
    SELECT m.id, m.created_at_ms, e.at_ms
    FROM messages m
    LEFT JOIN message_events e
        ON e.customer_id = m.customer_id AND e.message_id = m.id AND e.status = 'DELIVERED'
    WHERE m.created_at_ms >= {since_ms}
"""


@dataclass(frozen=True, slots=True)
class Site:
    """The product, where it keeps its rows, and the receiver that its one webhook points at, if any."""

    target: Target
    home: Path
    database: str
    receiver: Running | None


@dataclass(frozen=True, slots=True)
class Run:
    """Holds only the results of the run's own messages."""

    accepted: int
    delivered: int
    lags_ms: Sequence[int]
    webhook_lags_ms: Sequence[int]
    seconds: float
    webhook_seconds: float
    cpu_s: float
    memory_mb: float
    noise: float

    @property
    def per_s(self) -> float:
        return self.delivered / self.seconds if self.seconds else 0.0

    @property
    def webhooks_per_s(self) -> float:
        return len(self.webhook_lags_ms) / self.webhook_seconds if self.webhook_seconds else 0.0

    def complete(self, *, webhook: bool) -> bool:
        return self.delivered == self.accepted and (not webhook or len(self.webhook_lags_ms) == self.accepted)


def carry(site: Site, *, size: int, messages: int, rate_per_s: float = 0.0) -> Run:
    """Send, wait until nothing is left to do, and read what happened when."""
    if site.receiver:
        call(site.receiver, "POST", "/forget")
    server = site.target.server
    since_ms = time.time_ns() // 1_000_000
    machine_before_s, own_before_s, cpu_before_s = machine_busy_s(), _own_s(site), server.cpu_s()
    started_s = time.monotonic()
    plan = site.target.plan(
        bodies.known_phones(KNOWN),
        size,
        channel=CHANNEL,
        connections=64 if size == 1 else 8,
        seconds=20,
        warm_up_s=0,
        max_requests=messages // size,
        rate_per_s=rate_per_s,
    )
    load = drive(plan)
    _wait_until_settled(site)
    _wait_until_received(site, since_ms)
    took_s = time.monotonic() - started_s
    cpu_s, memory_mb = server.cpu_s() - cpu_before_s, server.memory_mb()
    strangers_s = machine_busy_s() - machine_before_s - (_own_s(site) - own_before_s) - load.driver_busy * load.seconds
    rows = query(site.home, site.database, TIMES.format(since_ms=since_ms))
    delivered = [(row[0], row[1], row[2]) for row in rows if row[2] is not None]
    told = _told(site)
    first_ms = min(row[1] for row in rows)
    arrivals_ms = [told[row[0]] for row in delivered if row[0] in told]
    return Run(
        accepted=len(rows),
        delivered=len(delivered),
        lags_ms=[at_ms - created_ms for _, created_ms, at_ms in delivered],
        webhook_lags_ms=[told[row[0]] - row[1] for row in delivered if row[0] in told],
        seconds=(max(row[2] for row in delivered) - first_ms) / 1000 if delivered else 0.0,
        webhook_seconds=(max(arrivals_ms) - first_ms) / 1000 if arrivals_ms else 0.0,
        cpu_s=cpu_s,
        memory_mb=memory_mb,
        noise=max(0.0, strangers_s) / (took_s * 2),
    )


def _wait_until_settled(site: Site) -> None:
    """Every message has its last status, and every webhook that was due was sent and recorded."""
    deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if is_settled(site.home, site.database):
            return
        time.sleep(POLL_S)


def _wait_until_received(site: Site, since_ms: int) -> None:
    """The receiver has an event of each message of this run. Those of other messages do not count."""
    if not site.receiver:
        return
    own = {row[0] for row in query(site.home, site.database, IDS.format(since_ms=since_ms))}
    deadline_s = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if call(site.receiver, "GET", "/count") >= len(own) and own <= _told(site).keys():
            return
        time.sleep(POLL_S)


def _told(site: Site) -> Mapping[str, int]:
    return call(site.receiver, "GET", "/seen")["messages"] if site.receiver else {}


def _own_s(site: Site) -> float:
    receivers = [site.receiver] if site.receiver else []
    return sum(process.cpu_s() for process in (site.target.server, *site.target.others, *receivers))


@contextlib.contextmanager
def site(
    folder: Path, server_url: str, *, webhook: bool, name: str = "", checkout: Path | None = None
) -> Generator[Site]:
    with contextlib.ExitStack() as stack:
        name = name or ("webhook" if webhook else "plain")
        placed = stack.enter_context(product(folder, name, server_url, workers=True, checkout=checkout))
        alone = Site(placed.target, placed.home, placed.database, None)
        # The contacts were met by sending to them. A webhook made earlier would receive what those messages became.
        _wait_until_settled(alone)
        yield replace(alone, receiver=stack.enter_context(_receiver(placed.target))) if webhook else alone


@contextlib.contextmanager
def _receiver(target: Target) -> Generator[Running]:
    with module("bench.receiver") as receiver:
        body = {
            "display_name": "benchmark",
            "endpoint_url": f"http://127.0.0.1:{receiver.port}/events",
            "event_types": ["message.delivered"],
        }
        call(target.server, "POST", "/v3/webhooks", body, api_key=target.api_key)
        yield receiver


def measure(folder: Path, server_url: str, *, webhook: bool) -> list[Figure]:
    figures: list[Figure] = []
    with site(folder, server_url, webhook=webhook) as placed:
        single_per_s = 0.0
        for size in (100, 1):
            run = carry(placed, size=size, messages=MESSAGES[webhook])
            single_per_s = run.webhooks_per_s if webhook else run.per_s
            figures.append(_rate(run, size, webhook=webhook))
        pace = max(50.0, single_per_s * PACE)
        run = carry(placed, size=1, messages=int(pace * PACED_SECONDS), rate_per_s=pace)
        figures += _lags(run, pace)
    return figures


def _rate(run: Run, size: int, *, webhook: bool) -> Figure:
    rate, aim = (run.webhooks_per_s if webhook else run.per_s), AIM_PER_S[webhook]
    goal = "webhook received" if webhook else "DELIVERED"
    complete = run.complete(webhook=webhook)
    missing = (
        "" if complete else f" ({run.accepted - (len(run.webhook_lags_ms) if webhook else run.delivered)} missing)"
    )
    return Figure(
        f"accepted -> {goal}, {size} per request{missing}",
        f"{rate:,.0f} msg/s",
        ratio=f"{rate / aim:.2f}",
        aim=f"≥ {aim:,}/s",
        met=rate >= aim and complete,
        memory_mb=run.memory_mb,
        cpu_us_per_message=run.cpu_s / run.accepted * 1e6,
        noise=run.noise,
        raw={"accepted": run.accepted, "delivered": run.delivered, "webhooks": len(run.webhook_lags_ms)},
    )


def _lags(run: Run, pace: float) -> list[Figure]:
    figures: list[Figure] = []
    for goal, lags_ms in (("DELIVERED", run.lags_ms), ("webhook", run.webhook_lags_ms)):
        if len(lags_ms) > 1:
            cuts = quantiles(lags_ms, n=100)
            figures.append(
                Figure(
                    f"  lag to {goal} at that pace",
                    f"{pace:,.0f} msg/s",
                    p50_ms=cuts[49],
                    p99_ms=cuts[98],
                    memory_mb=run.memory_mb,
                    cpu_us_per_message=run.cpu_s / run.accepted * 1e6,
                    noise=run.noise,
                )
            )
    return figures


def run(server_url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary:
        figures = measure(Path(temporary), server_url, webhook=False)
        figures += measure(Path(temporary), server_url, webhook=True)
    where = "PostgreSQL" if server_url else "SQLite, synchronous=FULL"
    report.show(f"lifecycle on {where}, one process, simulated SMS", figures, notes=NOTES)


def run_pairs(server_url: str, against: Path, count: int, messages: int) -> None:
    figures: list[Figure] = []
    for webhook in (False, True):
        with (
            tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary,
            site(Path(temporary), server_url, webhook=webhook, name="this") as this,
            site(Path(temporary), server_url, webhook=webhook, name="other", checkout=against) as other,
        ):
            taken = pairs.take(lambda: _sample(this, messages), lambda: _sample(other, messages), count)
        figures += pairs.figures(f"accepted -> {'webhook received' if webhook else 'DELIVERED'}", taken)
    report.show("lifecycle-pairs with one message per request", figures, notes=pairs.NOTES)


def _sample(site: Site, messages: int) -> Sample:
    run = carry(site, size=1, messages=messages)
    rate = run.webhooks_per_s if site.receiver else run.per_s
    return Sample(run.cpu_s / run.accepted * 1e6, rate, run.noise, complete=run.complete(webhook=bool(site.receiver)))


NOTES = (
    "ratio: against the aim. Lags are of a paced run and hold the simulated handset's 300 ms.",
    "Times are the platform's own (message created, DELIVERED recorded) and the receiver's clock, all on this machine.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="a PostgreSQL URL whose user may create databases")
    pairs.add_arguments(parser)
    parser.add_argument("--messages", type=int, default=PAIR_MESSAGES, help="messages per run of a pair")
    chosen = parser.parse_args()
    if chosen.against:
        run_pairs(chosen.database, chosen.against, chosen.pairs, chosen.messages)
    else:
        run(chosen.database)


if __name__ == "__main__":
    main()
