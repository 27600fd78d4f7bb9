"""PostgreSQL, NATS and Redis vanish under load and come back: documented 503s, and nothing lost. I1 to I7."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from chaos import audit
from chaos.environment import Environment, Rows
from chaos.options import Options
from chaos.report import Findings
from chaos.traffic import GONE, Refusal, Traffic
from harness import cluster as clusters
from harness import samples
from harness.client import Client

NAME = "outages"
INVARIANTS = "I1 to I7"
PLANTS = ("outages_unforeseen", "answers_forgotten")
GRACE_S = 2.0
# How long the carrier thinks in the second part, so that PostgreSQL can go and come back meanwhile.
CARRIER_MS = 3_000
ENDS = "SELECT id, status FROM messages"
# Allowed answers while that service is down. Without the bus everything continues.
DOCUMENTED = {"PostgreSQL": (503, "INTERNAL_005"), "Redis": (503, "SERVICE_001"), "NATS": None}


class Prober(threading.Thread):
    """Asks something small as an account whose limits are counted in the cache."""

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.refusals: list[Refusal] = []
        self.well = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.4):
            started_s = time.monotonic()
            try:
                answer = self.client.get("/v3/me", timeout_s=20)
            except (*GONE, AssertionError) as error:
                self.refusals.append(Refusal(time.monotonic(), time.monotonic() - started_s, 0, type(error).__name__))
                continue
            now_s = time.monotonic()
            if answer.status == 200:
                self.well += 1
            else:
                self.refusals.append(Refusal(now_s, now_s - started_s, answer.status, answer.code))


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    if environment.plant != "answers_forgotten":
        _one_after_the_other(environment, options, found)
    if environment.plant != "outages_unforeseen":
        _answers_outlive_them(environment, options, found)
    return found


def _one_after_the_other(environment: Environment, options: Options, found: Findings) -> None:
    away_s = 2.0 if options.short else min(10.0, options.seconds)
    cluster = environment.cluster()
    apis = [cluster.api(), cluster.api()]
    workers = [cluster.worker(), cluster.worker()]
    account, counted = cluster.account(apis[0]), cluster.account(apis[1], tier="growth")
    template_id = clusters.template(account)
    urls = [api.base_url or "" for api in apis]
    windows: dict[str, tuple[float, float]] = {}

    def outage(name: str, stop: Callable[[], object], start: Callable[[], object]) -> None:
        time.sleep(2.0)
        down_s = time.monotonic()
        stop()
        time.sleep(away_s)
        start()
        windows[name] = (down_s, time.monotonic())
        time.sleep(2 * GRACE_S)

    def forget_nats() -> None:
        environment.nats.kill()
        environment.nats.erase()

    prober = Prober(counted.http)
    with Traffic(lambda: urls, account.api_key, template_id, seed=options.seed, timeout_s=20) as traffic:
        prober.start()
        outage("PostgreSQL", environment.postgres.stop_at_once, environment.postgres.start)
        outage("NATS", forget_nats, environment.nats.start)
        outage("Redis", environment.redis.kill, environment.redis.start)
        finished = traffic.finish()
        prober.stopped.set()
        prober.join(25)
    rows, accepted = Rows.of(cluster), traffic.accepted
    grace_s = GRACE_S + (8 if options.short else 0)
    refusals = [*traffic.refusals, *prober.refusals]
    for name, (down_s, up_s) in windows.items():
        own = [one for one in refusals if _latest(windows, one) == name]
        seen = Counter((one.status, one.code) for one in own)
        last_s = max((one.at_s - up_s for one in own), default=0.0)
        wrong = [f"answered {status} {code}" for status, code in seen if (status, code) != DOCUMENTED[name]]
        wrong += [f"still refused {last_s:.1f} s after it was back"] if last_s > grace_s else []
        figure = f"{len(own)} refusals {dict(seen) or ''}, the last {last_s:+.1f} s after it was back"
        found.add(f"{name} away {up_s - down_s:.1f} s", figure, wrong)
    stray = [f"{one.status} {one.code} before any outage" for one in refusals if _latest(windows, one) is None]
    stray += [*traffic.undocumented, *([] if finished else ["some requests never got a 202"])]
    stray += [f"{traffic.unanswered} requests got no answer"] if traffic.unanswered else []
    found.add("well at all other times", f"{len(traffic.answered):,} sends and {prober.well} reads went well", stray)
    audit.settled(rows, accepted, 45)
    audit.everything(found, rows, accepted=accepted, keys=list(traffic.answered))
    crashed = [one.role for one in (*apis, *workers) if one.process.poll() is not None]
    found.add("every process lives on", "4 processes", [f"a process ended: {role}" for role in crashed])
    cluster.stop()


def _answers_outlive_them(environment: Environment, options: Options, found: Findings) -> None:
    """What the carrier answered while there was no PostgreSQL is written down when there is one again."""
    cluster = environment.cluster(CHAOS_CARRIER_MS=str(CARRIER_MS))
    api, _ = cluster.api(), cluster.worker()
    account = cluster.account(api)
    key = samples.key()
    ids = clusters.send(account, clusters.template(account), 50, idempotency_key=key)
    rows = Rows.of(cluster)
    audit.until(lambda: len(rows.submits()) >= len(ids), 10)
    time.sleep(1)
    environment.postgres.stop_at_once()
    # At full size for longer than the simulated carrier may take to send a receipt: that time begins afterwards.
    time.sleep(CARRIER_MS / 1000 + (1 if options.short else 9))
    environment.postgres.start()
    audit.settled(rows, ids, 45)
    asked = Counter(attempt for _, attempt in rows.submits())
    found.add(
        "a carrier's answer outlives the outage",
        f"{len(ids)} messages at the carrier meanwhile, each asked for once and delivered",
        [
            *(f"{attempt} was asked for {times} times" for attempt, times in asked.items() if times > 1),
            *(f"{one} is {status}" for one, status in rows.query(ENDS) if status != "DELIVERED"),
        ],
    )
    audit.everything(found, rows, accepted=ids, keys=[key])
    cluster.stop()


def _latest(windows: dict[str, tuple[float, float]], refusal: Refusal) -> str | None:
    """The outage that had begun last when the refusal came."""
    begun = [(down_s, name) for name, (down_s, _) in windows.items() if down_s <= refusal.at_s]
    return max(begun)[1] if begun else None
