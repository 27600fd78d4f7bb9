"""A process with 100,000 messages waiting is killed: the next one is ready in under two seconds, and loses none. I1."""

import time

from chaos import sent
from chaos.environment import Environment, Rows
from chaos.options import Options
from chaos.report import Findings
from harness import samples
from harness import server as servers

NAME = "backlog"
INVARIANTS = "I1"
PLANTS = ("backlog_walked_at_start",)
AT_ONCE = 1_000
READY_WITHIN_S = 2.0
# Accepts and stores only, so that the backlog stays one.
IDLE = {"SENT_BENCH_NO_WORKERS": "1"}


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    waiting = 3_000 if options.short else 100_000
    home = environment.folder / f"backlog-{environment.plant}"
    home.mkdir()
    url, log = f"sqlite:///{home / 'sent.db'}", str(environment.folder / f"backlog-{environment.plant}.log")
    env = {"CHAOS_CARRIER_LOG": log}
    server = servers.start(home, "sqlite", database_url=url, env={**env, **IDLE}, program=sent.command)
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    accepted: set[str] = set()
    for _ in range(waiting // AT_ONCE):
        body = {"to": [samples.phone() for _ in range(AT_ONCE)], "template": {"id": template_id}, "channel": ["sms"]}
        answer = server.http.post("/v3/messages", body, checked=False)
        accepted |= {recipient["message_id"] for recipient in answer.data["recipients"]}
    server.kill()
    env["CHAOS_PLANT"] = environment.plant
    empty_s = _until_ready(environment, env)
    started_s = time.monotonic()
    again = servers.start(home, "sqlite", database_url=url, env=env, program=sent.command)
    ready_s = time.monotonic() - started_s
    figure = f"{len(accepted):,} waiting: ready in {ready_s:.2f} s; with nothing waiting in {empty_s:.2f} s"
    # The short run, and a machine that is slow at starting anything, say nothing about two seconds.
    slow = not options.short and ready_s > max(READY_WITHIN_S, empty_s + 0.5)
    found.add("ready in under 2 s", figure, ["too slow"] if slow else [])
    again.kill()
    rows = {row[0] for row in Rows(url, log).query("SELECT id FROM messages")}
    found.add("I1", f"{len(accepted):,} accepted are there", [f"{one} is gone" for one in accepted - rows])
    return found


def _until_ready(environment: Environment, env: dict[str, str]) -> float:
    """Seconds that a second start takes in an installation where nothing waits."""
    home = environment.folder / f"empty-{environment.plant}"
    home.mkdir()
    url = f"sqlite:///{home / 'sent.db'}"
    servers.start(home, "sqlite", database_url=url, env=env, program=sent.command).kill()
    started_s = time.monotonic()
    server = servers.start(home, "sqlite", database_url=url, env=env, program=sent.command)
    took_s = time.monotonic() - started_s
    server.kill()
    return took_s
