"""Retries of one idempotency key, thousands at once over four API processes of which two die meanwhile. I7."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from chaos import audit
from chaos.environment import Environment, Rows
from chaos.options import Options
from chaos.report import Findings
from chaos.traffic import GONE
from harness import cluster as clusters
from harness import samples
from harness.client import Client, Response

NAME = "retries"
INVARIANTS = "I7"
PLANTS = ("replays_nothing",)
PROCESSES = 4
AT_ONCE = 32


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    requests = 600 if options.short else 10_000
    cluster = environment.cluster()
    # The first of them dies between the commit of the one effect and its answer, if the one effect is its own.
    doomed = cluster.api({"SENT_FAILPOINT": "after_commit_before_reply"})
    apis = [doomed, *(cluster.api() for _ in range(PROCESSES - 1))]
    cluster.worker()
    account = cluster.account(apis[1])
    body = {"to": [samples.phone()], "template": {"id": clusters.template(account)}, "channel": ["sms"]}
    key = samples.key()
    local = threading.local()

    def ask(number: int) -> Response | None:
        # All begin at the one that dies, as retries do after a lost answer; then the next one is used.
        first = 0 if number < AT_ONCE else number % PROCESSES
        clients: dict[str, Client] = local.__dict__.setdefault("clients", {})
        for target in [apis[first].base_url or "", apis[1].base_url or ""]:
            client = clients.setdefault(target, Client(target, account.api_key))
            with contextlib.suppress(*GONE):
                return client.post("/v3/messages", body, idempotency_key=key)
        return None

    started_s = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(ask, number) for number in range(requests)]
        while sum(one.done() for one in asked) < requests // 3:
            time.sleep(0.02)
        apis[2].kill()
        answers = [answer for one in asked if (answer := one.result())]
    took_s = time.monotonic() - started_s
    accepted = [answer for answer in answers if answer.status == 202]
    originals = [answer for answer in accepted if "idempotent-replayed" not in answer.headers]
    conflicts = [answer for answer in answers if answer.code == "CONFLICT_001"]
    ids = {answer.data["recipients"][0]["message_id"] for answer in accepted}
    found.add(
        "only the original, replays or CONFLICT_001",
        f"{requests:,} requests in {took_s:.0f} s: {len(originals)} original, "
        f"{len(accepted) - len(originals):,} replays, {len(conflicts):,} conflicts",
        [
            *([f"{len(originals)} originals"] if len(originals) > 1 else []),
            *([f"{requests - len(answers)} without an answer"] if len(answers) < requests else []),
            *([f"{len(ids)} different answers"] if len(ids) != 1 else []),
            *sorted({f"answered {one.status} {one.code}" for one in answers if one not in accepted + conflicts}),
        ],
    )
    died = doomed.process.poll() is not None
    found.require("a kill in between", "2 of 4 processes killed", died, "the failpoint was never passed")
    rows = Rows.of(cluster)
    audit.settled(rows, ids, 30)
    audit.everything(found, rows, accepted=sorted(ids), keys=[key])
    cluster.stop()
    return found
