"""schedules: what 100,000 messages that are due in one second do to a customer who sends at once.

`python -m bench.schedules [--messages 100000] [--database ...]`. The messages are scheduled before, for one second of
the simulated clock, which then moves there. Meanwhile another account sends one message after the other: the time of
its answers, and its lag from accepted to DELIVERED (the simulated handset's 300 ms included), against the same without
anything that is due. Both are measured in turn, because the machine changes.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from bench import bodies, report
from bench.accept import Placed, product
from bench.calls import call
from bench.figures import Figure
from bench.processes import operate
from bench.stored import query

MESSAGES = 100_000
RECIPIENTS = 1_000
ROUNDS = 2
SENDS = 100
PAUSE_S = 0.1
AHEAD_S = 3_600
PATIENCE_S = 900
DELIVERED = """
    SELECT m.id, e.at_ms - m.created_at_ms
    FROM messages m
    JOIN message_events e ON e.customer_id = m.customer_id AND e.message_id = m.id AND e.status = 'DELIVERED'
    WHERE m.customer_id = '{customer_id}'
"""
HELD = "SELECT COUNT(*) FROM jobs WHERE kind = 'release'"
LATE = """
    SELECT MIN(e.at_ms - m.scheduled_at_ms), MAX(e.at_ms - m.scheduled_at_ms)
    FROM messages m
    JOIN message_events e ON e.customer_id = m.customer_id AND e.message_id = m.id AND e.status = 'PROCESSED'
    WHERE m.scheduled_at_ms = {at_ms}
"""


class Bench:
    def __init__(self, placed: Placed) -> None:
        self.placed = placed
        self.env = {
            "SENT_HOME": str(placed.home),
            **({"SENT_DATABASE_URL": placed.database} if placed.database else {}),
        }
        made = operate(self.env, "accounts", "create", "Sends at once")
        self.customer_id: str = made["customer_id"]
        operate(self.env, "accounts", "set-tier", self.customer_id, "unlimited")
        operate(self.env, "accounts", "top-up", self.customer_id, "1000")
        self.api_key: str = operate(self.env, "keys", "create", self.customer_id)["api_key"]
        template = {
            "category": "UTILITY",
            "language": "en_US",
            "submit_for_review": False,
            "definition": {"body": {"multiChannel": {"type": "text", "template": "Hello", "variables": []}}},
        }
        server = placed.target.server
        self.template_id: str = call(server, "POST", "/v3/templates", template, api_key=self.api_key)["data"]["id"]

    def schedule(self, count: int) -> int:
        """Schedule messages for one second. Returns its time, in epoch milliseconds."""
        target = self.placed.target
        now = datetime.fromisoformat(call(target.server, "GET", "/sim/clock", api_key=target.api_key)["data"]["now"])
        at = (now + timedelta(seconds=AHEAD_S)).replace(microsecond=0)
        for phones in bodies.portions(bodies.known_phones(count), min(RECIPIENTS, count)):
            body = json.loads(bodies.send(phones, target.template_id, channel="sms"))
            call(target.server, "POST", target.path, {**body, "scheduled_at": at.isoformat()}, api_key=target.api_key)
        operate(self.env, "sim", "clock", "advance", f"{AHEAD_S}s")
        return round(at.astimezone(UTC).timestamp() * 1_000)

    def send(self) -> tuple[list[float], list[float]]:
        """The times of the answers and the lags of the messages, in milliseconds."""
        server, home, database = self.placed.target.server, self.placed.home, self.placed.database
        answers_ms: list[float] = []
        ids: set[str] = set()
        for number in range(SENDS):
            body = {"to": [f"+1415555{2000 + number}"], "template": {"id": self.template_id}, "channel": ["sms"]}
            started_s = time.perf_counter()
            answer = call(server, "POST", "/v3/messages", body, api_key=self.api_key)
            answers_ms.append((time.perf_counter() - started_s) * 1_000)
            ids.add(answer["data"]["recipients"][0]["message_id"])
            time.sleep(PAUSE_S)
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            rows = query(home, database, DELIVERED.format(customer_id=self.customer_id))
            lags_ms = [float(row[1]) for row in rows if row[0] in ids]
            if len(lags_ms) == SENDS:
                return answers_ms, lags_ms
            time.sleep(0.5)
        raise RuntimeError("messages of the immediate sender never arrived")

    def drain(self, at_ms: int) -> tuple[int, int]:
        """Wait until all are released. Returns how late the first and the last one were, in milliseconds."""
        home, database = self.placed.home, self.placed.database
        while query(home, database, HELD)[0][0]:
            time.sleep(0.5)
        while query(home, database, "SELECT COUNT(*) FROM jobs")[0][0]:
            time.sleep(0.5)
        [[first, last]] = query(home, database, LATE.format(at_ms=at_ms))
        return first, last


def run(server_url: str, count: int) -> None:
    alone: list[tuple[list[float], list[float]]] = []
    beside: list[tuple[list[float], list[float]]] = []
    late: list[tuple[int, int]] = []
    with (
        tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary,
        product(Path(temporary), "schedules", server_url, workers=True) as placed,
    ):
        bench = Bench(placed)
        for _ in range(ROUNDS):
            alone.append(bench.send())
            at_ms = bench.schedule(count)
            beside.append(bench.send())
            late.append(bench.drain(at_ms))
    figures: list[Figure] = []
    for place, name in enumerate(("answer to a send", "accepted to DELIVERED")):
        base = [_percentiles(sample[place]) for sample in alone]
        loaded = [_percentiles(sample[place]) for sample in beside]
        base_p99, loaded_p99 = median(p99 for _, p99 in base), median(p99 for _, p99 in loaded)
        figures.append(_figure(f"{name}, nothing due", base))
        figures.append(_figure(f"{name}, {count:,} due", loaded, ratio=loaded_p99 / base_p99))
    first_ms, last_ms = min(first for first, _ in late), max(last for _, last in late)
    figures.append(
        Figure(
            f"{count:,} released",
            f"{count * 1_000 / max(1, last_ms):,.0f} per s",
            aim="never early",
            met=first_ms >= 0,
            raw={"late_ms": late},
        )
    )
    report.show("scheduled messages against an immediate sender, one process", figures, notes=NOTES)


def _percentiles(values_ms: list[float]) -> tuple[float, float]:
    return median(values_ms), quantiles(values_ms, n=100)[98]


def _figure(name: str, samples: list[tuple[float, float]], *, ratio: float | None = None) -> Figure:
    p50_ms, p99_ms = median(p50 for p50, _ in samples), median(p99 for _, p99 in samples)
    shown = "" if ratio is None else f"{ratio:.2f}"
    return Figure(name, f"p99 {p99_ms:,.0f} ms", ratio=shown, p50_ms=p50_ms, p99_ms=p99_ms, raw={"samples": samples})


NOTES = ("ratio: the p99 against that without anything due; medians of rounds that alternate.",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--database", default="", help="URL of a PostgreSQL server; SQLite without it")
    arguments = parser.parse_args()
    run(arguments.database, arguments.messages)


if __name__ == "__main__":
    main()
