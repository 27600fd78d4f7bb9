"""fairness: what a backlog of one customer does to ten messages of another, over a whole fleet.

`python -m bench.fairness [--database ...] [--bus ...] [--cache ...]`. The backlog is accepted while no worker runs;
then one starts, and at once, and twice more a moment later, another account sends ten messages. Their lag is from
accepted to DELIVERED, the simulated handset's 300 ms included.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import bodies, report
from bench.accept import KNOWN
from bench.calls import call
from bench.figures import Figure
from bench.load import drive
from bench.processes import operate
from bench.scale import Fleet, Services, fleet, services_arguments, wait_until_idle
from bench.stored import query

BACKLOGS = (0, 5_000, 50_000)
TENS = 3
PAUSE_S = 0.5
AT_MOST_MS = 1_000
DELIVERED = """
    SELECT m.id, e.at_ms - m.created_at_ms
    FROM messages m
    JOIN message_events e ON e.customer_id = m.customer_id AND e.message_id = m.id AND e.status = 'DELIVERED'
    WHERE m.customer_id = '{customer_id}'
"""
WAITING = "SELECT COUNT(*) FROM jobs WHERE kind LIKE 'dispatch:%'"


def another(many: Fleet) -> tuple[str, str, str]:
    """(customer id, key, template id) of a second account."""
    made = operate(many.env, "accounts", "create", "Another")
    operate(many.env, "accounts", "set-tier", made["customer_id"], "unlimited")
    operate(many.env, "accounts", "top-up", made["customer_id"], "1000")
    key = operate(many.env, "keys", "create", made["customer_id"])["api_key"]
    template = {
        "category": "UTILITY",
        "language": "en_US",
        "submit_for_review": False,
        "definition": {"body": {"multiChannel": {"type": "text", "template": "Hello", "variables": []}}},
    }
    template_id = call(many.target.server, "POST", "/v3/templates", template, api_key=key)["data"]["id"]
    return made["customer_id"], key, template_id


def measure(many: Fleet, backlog: int, customer_id: str, key: str, template_id: str) -> Figure:
    known = {row[0] for row in query(many.home, many.database, DELIVERED.format(customer_id=customer_id))}
    if backlog:
        plan = many.target.plan(
            bodies.known_phones(KNOWN),
            100,
            channel="sms",
            connections=8,
            seconds=120,
            warm_up_s=0,
            max_requests=backlog // 100,
        )
        drive(plan)
    still: list[int] = []
    with many.working() as site:
        for number in range(TENS):
            to = [f"+1415555{2000 + 10 * number + one}" for one in range(10)]
            body = {"to": to, "template": {"id": template_id}, "channel": ["sms"]}
            call(many.target.server, "POST", "/v3/messages", body, api_key=key)
            time.sleep(PAUSE_S)
            still.append(query(many.home, many.database, WAITING)[0][0])
        wait_until_idle(site)
    rows = query(many.home, many.database, DELIVERED.format(customer_id=customer_id))
    lags_ms = sorted(row[1] for row in rows if row[0] not in known)
    assert len(lags_ms) == 10 * TENS, f"{10 * TENS - len(lags_ms)} never arrived"
    return Figure(
        f"ten of another, {backlog:,} waiting",
        f"slowest {lags_ms[-1]:,} ms",
        aim=f"≤ {AT_MOST_MS} ms" if backlog else "",
        met=lags_ms[-1] <= AT_MOST_MS if backlog else None,
        p50_ms=median(lags_ms),
        raw={"lags_ms": lags_ms, "still_waiting": still},
    )


def run(services: Services) -> None:
    with tempfile.TemporaryDirectory(prefix="sent-bench-") as temporary, fleet(Path(temporary), services) as many:
        account = another(many)
        figures = [measure(many, backlog, *account) for backlog in BACKLOGS]
    alone_ms = figures[0].p50_ms or 1.0
    for figure in figures:
        figure.ratio = f"{(figure.p50_ms or 0) / alone_ms:.2f}"
    report.show("fairness between customers, 1 API + 1 worker", figures, notes=NOTES)


NOTES = ("ratio: the median against that without a backlog. p50 and slowest of 30 messages in three requests.",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    run(services_arguments(parser))


if __name__ == "__main__":
    main()
