"""What everybody else sees while a tenant has hostile receivers: health, lateness of a webhook, memory."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Server

# What hangs, hangs for longer than this; a busy machine is slower than a quiet one.
HEALTH_S, LATE_S, GROWTH_MB = 8.0, 15.0, 60
ATTACK_S = 8
# Tells hanging from slow: an answer may take long on a machine that is busy with other tests.
PATIENCE_S = 120


@dataclass
class Watched:
    """What another tenant and the operator see during an attack."""

    health_s: list[float] = field(default_factory=list[float])
    late_s: list[float] = field(default_factory=list[float])
    growth_mb: float = 0

    def check(self) -> None:
        """Nobody else has noticed much."""
        print(f"health {max(self.health_s):.2f} s, late {max(self.late_s):.2f} s, {self.growth_mb:.0f} MB more")
        assert max(self.health_s) < HEALTH_S
        assert max(self.late_s) < LATE_S
        assert self.growth_mb < GROWTH_MB


def watch(server: Server, healthy: Receiver) -> Watched:
    """For a while: ask for health, send as another tenant, and see when its webhook hears of it."""
    seen = Watched()
    anonymous, tenant = server.anonymous(), server.create_account().http
    template_id = tenant.post("/v3/templates", samples.template()).data["id"]
    tenant.post("/v3/webhooks", samples.webhook(healthy.url("/healthy"), "message.queued"))
    before_mb = memory_mb(server.pid)
    until_s = time.monotonic() + ATTACK_S
    while time.monotonic() < until_s:
        started_s = time.monotonic()
        assert anonymous.get("/v3/health", checked=False).status == 200
        seen.health_s.append(time.monotonic() - started_s)
        started_s, already = time.monotonic(), len(healthy.on("/healthy"))
        send(tenant, template_id)
        healthy.wait(already + 1, timeout_s=60, path="/healthy")
        seen.late_s.append(time.monotonic() - started_s)
        seen.growth_mb = max(seen.growth_mb, memory_mb(server.pid) - before_mb)
        time.sleep(0.05)
    return seen


def send(tenant: Client, template_id: str) -> None:
    body = {"to": [samples.phone()], "template": {"id": template_id}, "channel": ["sms"]}
    assert tenant.post("/v3/messages", body, timeout_s=PATIENCE_S).status == 202


def memory_mb(pid: int) -> float:
    """Of its own: mapped files are the system's cache."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RssAnon"))) / 1024


@contextlib.contextmanager
def attacked(
    server: Server, urls: Iterable[str], also: Callable[[Client, str], object] | None = None
) -> Generator[None]:
    """By a tenant with a webhook at each of the URLs, and a message every moment. `also` is done with each webhook in
    turn."""
    stop = threading.Event()
    attacker = server.create_account().http
    template_id = attacker.post("/v3/templates", samples.template()).data["id"]
    hooks: list[str] = []
    for url in urls:
        made = attacker.post("/v3/webhooks", {**samples.webhook(url), "retry_count": 5, "timeout_seconds": 20})
        assert made.status == 201, made.body
        hooks.append(made.data["id"])

    def go_on() -> None:
        for hook in itertools.cycle(hooks):
            if stop.is_set():
                return
            send(attacker, template_id)
            if also:
                also(attacker, hook)
            time.sleep(0.2)

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(go_on)
        try:
            yield
        finally:
            stop.set()
        sending.result()  # an attack that broke off is a failure, with its reason
