"""posts: webhook posts per second, against what the sender's HTTP client does with nothing around it.

`python -m bench.posts [--database postgresql://...]`. Every event of a run is sent once as it happens and then again by
a replay: the replay is what counts, since nothing but the sender works then. Claiming, reading, signing, posting and
recording each outcome durably are inside it. The client's ceiling is taken in turns, on the same receiver, with the
headers and the body of one of these webhooks.
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

from bench import report
from bench.calls import call
from bench.figures import Figure
from bench.lifecycle import Site, carry, site
from bench.processes import Running, machine_busy_s

EVENTS = 15_000
ROUNDS = 3
AT_ONCE = 64
AIM_RATIO = 0.6
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
    took_s = time.monotonic() - started_s
    arrivals_ms = sorted(call(receiver, "GET", "/seen")["messages"].values())
    cpu_us = (server.cpu_s() - cpu_s) / asked * 1e6
    strangers_s = machine_busy_s() - machine_s - (_own_s(at, receiver) - own_s)
    rate = asked / ((arrivals_ms[-1] - arrivals_ms[0]) / 1000)
    return Replay(rate, cpu_us, max(0.0, strangers_s) / (took_s * (os.cpu_count() or 1)))


def ceiling(receiver: Running) -> Replay:
    body = json.dumps(call(receiver, "GET", "/last")).encode()
    url = f"http://127.0.0.1:{receiver.port}/events"
    machine_s, receiver_s, started_s = machine_busy_s(), receiver.cpu_s(), time.monotonic()
    command = [sys.executable, "-m", "bench.client", url, str(AT_ONCE), str(EVENTS)]
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
        carry(placed, size=100, messages=EVENTS)
        listed = call(placed.target.server, "GET", "/v3/webhooks?page=1&page_size=20", api_key=placed.target.api_key)
        webhook_id = listed["data"]["webhooks"][0]["id"]
        turns = [(ceiling(placed.receiver), replay(placed, placed.receiver, webhook_id)) for _ in range(ROUNDS)]
    where = "PostgreSQL" if server_url else "SQLite, synchronous=FULL"
    ratio = median(own.per_s / best.per_s for best, own in turns)
    by_cpu = median(best.cpu_us / own.cpu_us for best, own in turns)
    figures = [
        _figure("the HTTP client alone, 64 open", [best for best, _ in turns], "1.00"),
        _figure("webhook posts, one endpoint", [own for _, own in turns], f"{ratio:.2f}", met=ratio >= AIM_RATIO),
        Figure("  by CPU time", "", ratio=f"{by_cpu:.2f}"),
    ]
    report.show(f"posts on {where}, one process", figures, notes=NOTES)


NOTES = (
    "the HTTP client alone: the product's own session posting one of these webhooks again and again, nothing else.",
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
    run(parser.parse_args().database)


if __name__ == "__main__":
    main()
