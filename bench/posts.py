"""posts: webhook posts per second, against what aiohttp does with nothing around it.

`python -m bench.posts [--database postgresql://...]`. Every event of a run is sent once as it happens and then again by
a replay: the replay is what counts, since nothing but the sender works then. Claiming, reading, signing, posting and
recording each outcome durably are inside it. The reference takes turns with it, on the same receiver, with the headers
and the body of one of these webhooks. It is not our own client: a faster one of ours would lower the ratio. Ours alone
is shown for comparison. `--against PATH` compares two checkouts instead.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import pairs, report
from bench.calls import call
from bench.figures import Figure
from bench.lifecycle import Site, carry, site
from bench.pairs import Sample
from bench.processes import Running, machine_busy_s
from bench.stored import is_settled

EVENTS = 15_000
ROUNDS = 3
AT_ONCE = 64
AIM_RATIO, AIM_CPU_RATIO = 0.6, 0.5
TIMEOUT_S = 120
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Replay:
    per_s: float
    cpu_us: float
    noise: float


def replay(at: Site, receiver: Running, webhook_id: str) -> Replay:
    """Everything that was delivered goes out again; the rate is between the first and the last arrival.

    It is asked for while the webhook is switched off, so that nothing but the sender works while it is measured.
    """
    server, api_key = at.target.server, at.target.api_key
    switch = f"/v3/webhooks/{webhook_id}/toggle-status"
    call(server, "PATCH", switch, {"is_active": False}, api_key=api_key)
    body: dict[str, str] = {"delivery_status": "delivered"}
    asked = 0
    while True:
        done = call(server, "POST", f"/v3/webhooks/{webhook_id}/replay", body, api_key=api_key)["data"]
        asked += done["replayed"]
        if not done["next_after"]:
            break
        body["after"] = done["next_after"]
    time.sleep(SETTLE_S)
    call(receiver, "POST", "/forget")
    machine_s, own_s, cpu_s, started_s = machine_busy_s(), _own_s(at, receiver), server.cpu_s(), time.monotonic()
    call(server, "PATCH", switch, {"is_active": True}, api_key=api_key)
    while call(receiver, "GET", "/count") < asked:
        if time.monotonic() - started_s > TIMEOUT_S:
            raise RuntimeError(f"{asked} events were asked for again, and not all arrived")
        time.sleep(0.1)
    while not is_settled(at.home, at.database) and time.monotonic() - started_s < TIMEOUT_S:
        time.sleep(0.1)  # the last outcomes are still being recorded
    took_s = time.monotonic() - started_s
    arrivals_ms = sorted(call(receiver, "GET", "/seen")["messages"].values())
    cpu_us = (server.cpu_s() - cpu_s) / asked * 1e6
    strangers_s = machine_busy_s() - machine_s - (_own_s(at, receiver) - own_s)
    rate = asked / ((arrivals_ms[-1] - arrivals_ms[0]) / 1000)
    return Replay(rate, cpu_us, max(0.0, strangers_s) / (took_s * (os.cpu_count() or 1)))


def client(name: str, receiver: Running) -> Replay:
    body = json.dumps(call(receiver, "GET", "/last")).encode()
    url = f"http://127.0.0.1:{receiver.port}/events"
    machine_s, receiver_s, started_s = machine_busy_s(), receiver.cpu_s(), time.monotonic()
    command = [sys.executable, "-m", "bench.client", name, url, str(AT_ONCE), str(EVENTS)]
    before = os.times()
    done = subprocess.run(command, input=body, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S)
    after, took_s = os.times(), time.monotonic() - started_s
    found = json.loads(done.stdout)
    client_s = after.children_user + after.children_system - before.children_user - before.children_system
    strangers_s = machine_busy_s() - machine_s - (receiver.cpu_s() - receiver_s) - client_s
    return Replay(found["per_s"], found["cpu_us"], max(0.0, strangers_s) / (took_s * (os.cpu_count() or 1)))


def _own_s(at: Site, receiver: Running) -> float:
    return sum(process.cpu_s() for process in (at.target.server, *at.target.others, receiver))


def run(server_url: str) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary,
        site(Path(temporary), server_url, webhook=True) as placed,
    ):
        assert placed.receiver
        webhook_id = _fill(placed)
        turns: list[tuple[Replay, Replay]] = []
        own: list[Replay] = []
        for _ in range(ROUNDS):
            turns.append((client("aiohttp", placed.receiver), replay(placed, placed.receiver, webhook_id)))
            own.append(client("own", placed.receiver))
    where = "PostgreSQL" if server_url else "SQLite, synchronous=FULL"
    ratio = median(sent.per_s / reference.per_s for reference, sent in turns)
    by_cpu = median(reference.cpu_us / sent.cpu_us for reference, sent in turns)
    figures = [
        _figure(f"aiohttp alone, {AT_ONCE} open", [reference for reference, _ in turns], "1.00"),
        _figure("webhook posts, one endpoint", [sent for _, sent in turns], f"{ratio:.2f}", met=ratio >= AIM_RATIO),
        Figure("  by CPU time", "", ratio=f"{by_cpu:.2f}", aim=f"≥ {AIM_CPU_RATIO}", met=by_cpu >= AIM_CPU_RATIO),
        _figure(f"our client alone, {AT_ONCE} open", own, ""),
    ]
    report.show(f"posts on {where}, one process", figures, notes=NOTES)


def run_pairs(server_url: str, against: Path, count: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary,
        site(Path(temporary), server_url, webhook=True, name="this") as this,
        site(Path(temporary), server_url, webhook=True, name="other", checkout=against) as other,
    ):
        ours, theirs = _fill(this), _fill(other)
        taken = pairs.take(lambda: _sample(this, ours), lambda: _sample(other, theirs), count)
    report.show("posts-pairs with one endpoint", pairs.figures("webhook posts", taken), notes=pairs.NOTES)


def _fill(at: Site) -> str:
    """Have every event delivered once; returns the id of the webhook."""
    carry(at, size=100, messages=EVENTS)
    listed = call(at.target.server, "GET", "/v3/webhooks?page=1&page_size=20", api_key=at.target.api_key)
    return str(listed["data"]["webhooks"][0]["id"])


def _sample(at: Site, webhook_id: str) -> Sample:
    assert at.receiver
    sent = replay(at, at.receiver, webhook_id)
    return Sample(sent.cpu_us, sent.per_s, sent.noise)


NOTES = (
    "alone: a client posting one of these webhooks again and again, nothing else. Ratios are against aiohttp.",
    "webhook posts: claimed, signed, posted and durably recorded, from the first arrival of a replay to the last.",
)


def _figure(name: str, runs: list[Replay], ratio: str, *, met: bool | None = None) -> Figure:
    return Figure(
        name,
        f"{median(run.per_s for run in runs):,.0f} posts/s",
        ratio=ratio,
        aim="" if met is None else f"≥ {AIM_RATIO}",
        met=met,
        cpu_us_per_message=median(run.cpu_us for run in runs),
        noise=max(run.noise for run in runs),
    )


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
