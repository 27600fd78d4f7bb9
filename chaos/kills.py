"""kill -9 of API and worker processes, at random moments and on named lines, with sends in flight. I1 to I7."""

import contextlib
import itertools
import random
import signal
import subprocess
import time
from collections.abc import Mapping

from chaos import audit
from chaos.environment import Environment, Rows
from chaos.options import Options
from chaos.report import Findings
from chaos.traffic import Traffic
from harness import cluster as clusters
from harness import samples
from harness.cluster import Cluster, Process
from harness.receiver import Receiver

NAME = "kills"
INVARIANTS = "I1 I2 I3 I4 I5 I6 I7"
PLANTS = ("leases_never_end", "replays_nothing", "attempts_unwritten")
# Long enough for a dead worker's leases, and for a machine that others use, too.
SETTLED_WITHIN_S = 60
FAILPOINTS = (
    ("worker", "after_prepare_before_submit"),
    ("api", "after_commit_before_reply"),
    ("worker", "after_submit_before_record"),
    ("worker", "after_receipts_before_forget"),
    ("worker", "after_post_before_record"),
)
EACH_ROLE = 2
DIES_WITHIN_S = 10
TAKEN_OVER_WITHIN_S = 20
# One in so many kills takes the whole platform at once.
BLACKOUT_EVERY = 25


class Crew:
    """The processes that run now. Every killed one is replaced; every second replacement carries a failpoint."""

    def __init__(self, cluster: Cluster, dice: random.Random) -> None:
        self.cluster = cluster
        self.dice = dice
        self.running: list[Process] = []
        self.killed = {"at random": 0, "on a named line": 0}
        self._failpoints = itertools.cycle(FAILPOINTS)
        self.start_all()

    def urls(self) -> list[str]:
        return [one.base_url for one in list(self.running) if one.role == "api" and one.base_url]

    def start_all(self) -> None:
        for role in ("api", "worker"):
            for _ in range(EACH_ROLE):
                self._start(role)

    def kill_all(self) -> None:
        for victim in list(self.running):
            self._kill(victim)

    def kill_one(self) -> None:
        """At a random moment."""
        time.sleep(self.dice.uniform(0.0, 0.4))
        victim = self.dice.choice(self.running)
        self._kill(victim)
        self._start(victim.role)

    def let_one_die(self) -> None:
        """On a named line; on the way there another one makes room for it."""
        role, line = next(self._failpoints)
        self._kill(self.dice.choice([one for one in self.running if one.role == role]))
        doomed = self._start(role, {"SENT_FAILPOINT": f"{line}:{self.dice.randint(1, 5)}"})
        with contextlib.suppress(subprocess.TimeoutExpired):
            doomed.process.wait(DIES_WITHIN_S)
        self._kill(doomed)
        self._start(role)

    def _kill(self, victim: Process) -> None:
        by_itself = victim.process.poll() == -signal.SIGKILL
        self.running.remove(victim)
        victim.kill()
        self.killed["on a named line" if by_itself else "at random"] += 1

    def _start(self, role: str, env: Mapping[str, str] | None = None) -> Process:
        one = self.cluster.api(env) if role == "api" else self.cluster.worker(env)
        self.running.append(one)
        return one


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    dice = random.Random(options.seed)
    cluster, receiver = environment.cluster(), Receiver()
    rows = Rows.of(cluster)
    crew = Crew(cluster, dice)
    account = cluster.account(cluster.started[0])
    template_id = clusters.template(account)
    hook = {**samples.webhook(receiver.url(), "message.delivered"), "timeout_seconds": 5}
    assert account.http.post("/v3/webhooks", hook).status == 201
    pause_s = 0.3 if options.short else 0.1
    with Traffic(crew.urls, account.api_key, template_id, seed=options.seed, pause_s=pause_s) as traffic:
        for number in itertools.count():
            if sum(crew.killed.values()) >= options.kills:
                break
            if dice.randrange(BLACKOUT_EVERY) == 0:
                crew.kill_all()
                crew.start_all()
            elif number % 2:
                crew.kill_one()
            else:
                crew.let_one_die()
        open_ended = not traffic.finish()
    how = ", ".join(f"{count} {where}" for where, count in crew.killed.items())
    figure = f"{sum(crew.killed.values())} kills ({how}), {traffic.replayed} answers replayed"
    found.add("every retry ends in a 202", figure, _complaints(traffic, open_ended))
    accepted = traffic.accepted
    took_s = audit.settled(rows, accepted, TAKEN_OVER_WITHIN_S if environment.plant else SETTLED_WITHIN_S)
    found.require(
        f"takeover within {TAKEN_OVER_WITHIN_S} s",
        f"the last message ended {took_s:.1f} s after the last kill" if took_s is not None else "some never ended",
        took_s is not None and (options.short or took_s < TAKEN_OVER_WITHIN_S),
    )
    audit.everything(found, rows, accepted=accepted, keys=list(traffic.answered))
    untold = audit.told(receiver, accepted, SETTLED_WITHIN_S if took_s is not None else 0)
    found.add("I6", f"{len(receiver.deliveries):,} webhooks came", untold)
    cluster.stop()
    receiver.close()
    return found


def _complaints(traffic: Traffic, open_ended: bool) -> list[str]:
    allowed = {(503, "INTERNAL_005"), (503, "SERVICE_001"), (409, "CONFLICT_001")}
    odd = {(one.status, one.code) for one in traffic.refusals} - allowed
    return [
        *(["some requests never got a 202"] if open_ended else []),
        *(f"a request was answered {status} {code}" for status, code in sorted(odd, key=str)),
        *traffic.undocumented,
    ]
