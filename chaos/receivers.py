"""A thousand webhook endpoints of which some hang, and a receiver that is down for an hour. I6, and fairness."""

import math
import random
import time

from chaos import audit
from chaos.endpoints import Endpoints
from chaos.environment import Environment
from chaos.options import Options
from chaos.report import Findings
from harness import cluster as clusters
from harness.cluster import Cluster
from harness.server import Account

NAME = "receivers"
INVARIANTS = "I6"
PLANTS = ("hanging_receivers_unnoticed",)
TIMEOUT_S = 20
HEALTHY_P99_S = 5.0
AT_MOST_TIMES = 2.0
# Below this a ratio of two latencies is noise.
TOO_QUICK_S = 1.5
HOUR_MS = 3_600_000
STEP_MS = 120_000
PROBE_MS = 31_000
BACK_WITHIN_MS = 600_000


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    _hanging(environment, options, found)
    if not environment.plant:
        _down_for_an_hour(environment, options, found)
    return found


def _hanging(environment: Environment, options: Options, found: Findings) -> None:
    count = 200 if options.short else 1_000
    cluster = environment.cluster(SENT_WEBHOOK_QUOTA="2000")
    api = cluster.api()
    cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    endpoints = Endpoints()
    for number in range(count):
        _subscribe(account, endpoints.url(number))
    # Hanging receivers stay hanging: one that has recovered recently is still limited as a slow one.
    order = random.Random(options.seed).sample(range(count), count)
    baseline_s = 0.0
    for share in (0.0, 0.01, 0.5):
        endpoints.hanging = set(order[: int(count * share)])
        healthy = set(range(count)) - endpoints.hanging
        latencies = _latencies(account, template_id, endpoints, healthy, rounds=4)
        if None in latencies:
            wrong = [f"{latencies.count(None)} events did not reach a healthy endpoint"]
            found.add("I6: healthy receivers", f"{share:.0%} of {count} hang", wrong)
            continue
        p99_s = _p99([value for value in latencies if value is not None])
        baseline_s = baseline_s or p99_s
        slow = p99_s > HEALTHY_P99_S or p99_s > max(TOO_QUICK_S, AT_MOST_TIMES * baseline_s)
        figure = f"{share:.0%} of {count} hang: healthy p99 {p99_s:.2f} s, {p99_s / baseline_s:.1f} times that of none"
        judged = not options.short or environment.plant
        found.add("healthy p99 at most 2 times and 5 s", figure, ["too slow"] if slow and judged else [])
    endpoints.close()
    cluster.stop()


def _latencies(
    account: Account, template_id: str, endpoints: Endpoints, healthy: set[int], *, rounds: int
) -> list[float | None]:
    """Seconds from the 202 to each arrival of the message's delivery at a healthy endpoint; None: not within 30 s."""
    sent_s: dict[str, float] = {}
    for _ in range(rounds):
        sent_s |= dict.fromkeys(clusters.send(account, template_id, 1), time.monotonic())
        time.sleep(1)
    wanted = [(number, message_id) for number in healthy for message_id in sent_s]
    audit.until(lambda: all(key in endpoints.arrived for key in wanted), 30, every_s=0.1)
    return [endpoints.arrived[key] - sent_s[key[1]] if key in endpoints.arrived else None for key in wanted]


def _down_for_an_hour(environment: Environment, options: Options, found: Findings) -> None:
    """On the clock of the simulated networks, which every process follows."""
    requests, recipients = (1, 300) if options.short else (10, 1_000)
    cluster = environment.cluster()
    api = cluster.api()
    cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    endpoints = Endpoints()
    _subscribe(account, endpoints.url(0))
    endpoints.close()
    ids = [one for _ in range(requests) for one in clusters.send(account, template_id, recipients)]
    for _ in range(HOUR_MS // STEP_MS):
        _advance(cluster, STEP_MS)
        time.sleep(0.3 if options.short else 1.5)
    endpoints.open()
    started_s, moved_ms = time.monotonic(), 0
    missing = lambda: [one for one in ids if (0, one) not in endpoints.arrived]  # noqa: E731
    while missing() and time.monotonic() - started_s < 120 and moved_ms < 2 * HOUR_MS:
        _advance(cluster, PROBE_MS)
        moved_ms += PROBE_MS
        before = len(endpoints.arrived)
        # As long as something comes, the clock need not be moved.
        while audit.until(lambda before=before: len(endpoints.arrived) > before, 2) is not None:
            before = len(endpoints.arrived)
    took_ms = moved_ms + int((time.monotonic() - started_s) * 1_000)
    figure = f"{len(ids) - len(missing()):,} of {len(ids):,} events sent {took_ms / 60_000:.1f} min after its return"
    wrong = [f"{len(missing())} events never came"] if missing() else []
    wrong += [f"it took {took_ms / 60_000:.1f} min"] if took_ms > BACK_WITHIN_MS else []
    found.add("down for an hour: all within 10 min", figure, wrong)
    endpoints.close()
    cluster.stop()


def _advance(cluster: Cluster, by_ms: int) -> None:
    cluster.command("sim", "clock", "advance", f"{by_ms}ms")


def _subscribe(account: Account, url: str) -> None:
    hook = {"display_name": "chaos", "endpoint_url": url, "event_types": ["message.delivered"]}
    made = account.http.post("/v3/webhooks", {**hook, "timeout_seconds": TIMEOUT_S}, checked=False)
    assert made.status == 201, made.body


def _p99(values: list[float]) -> float:
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]
