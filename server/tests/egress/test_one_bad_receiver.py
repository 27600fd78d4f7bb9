"""A receiver hurts itself only: others are answered and hear of their messages, and memory stays."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import samples
from harness.client import Client
from harness.hostile import HostileReceiver, NameServer
from harness.receiver import Receiver
from harness.server import OwnServer, Server
from harness.waiting import wait_for

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS = (
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_600),
    (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 1_000),
    (b"", b"HTTP/1.1 102 X\r\n\r\nHTTP/1.1 150 Y\r\nA: b\r\n\r\nHTTP/1.1 100 Z\r\n\r\n" * 900),
    (CHUNKED + b"1;ext=", b"a" * 60_000),
    (CHUNKED, b"1;a=b\r\nx\r\n" * 6_000),
    (CHUNKED + b"0\r\n", b"X-A: b\r\n" * 7_000),
    (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 7_000),
    (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 60_000),
    (b"", b"\x00" * 60_000),
)
HEALTH_S, LATE_S, GROWTH_MB = 1.0, 3.0, 60
ATTACK_S = 8


@dataclass
class Watched:
    """What another tenant and the operator see during an attack."""

    health_s: list[float] = field(default_factory=list[float])
    late_s: list[float] = field(default_factory=list[float])
    growth_mb: float = 0


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
    assert tenant.post("/v3/messages", body).status == 202


def memory_mb(pid: int) -> float:
    """Of its own: mapped files are the system's cache."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RssAnon"))) / 1024


@contextlib.contextmanager
def attacked(server: Server, urls: Iterator[str]) -> Iterator[None]:
    """By a tenant with a webhook at each of the URLs, and a message every moment."""
    stop = threading.Event()
    attacker = server.create_account().http
    template_id = attacker.post("/v3/templates", samples.template()).data["id"]
    for url in urls:
        made = attacker.post("/v3/webhooks", {**samples.webhook(url), "retry_count": 5, "timeout_seconds": 20})
        assert made.status == 201, made.body

    def go_on() -> None:
        while not stop.is_set():
            send(attacker, template_id)
            time.sleep(0.2)

    sending = threading.Thread(target=go_on)
    sending.start()
    try:
        yield
    finally:
        stop.set()
        sending.join()


def pour_for_ever(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
    receiver.read_request(connection)
    start, rest = FLOODS[number % len(FLOODS)]
    receiver.pour(connection, itertools.chain([start], itertools.repeat(rest)))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_floods_of_every_kind_disturb_nobody_else(own_server: OwnServer) -> None:
    server = own_server()
    with HostileReceiver(pour_for_ever) as hostile, Receiver() as healthy:
        with attacked(server, (hostile.url(f"/{number}") for number in range(18))):
            wait_for(lambda: hostile.connections >= 9)
            seen = watch(server, healthy)
        assert hostile.connections > 18
    print(f"health {max(seen.health_s):.2f} s, late {max(seen.late_s):.2f} s, {seen.growth_mb:.0f} MB more")
    assert max(seen.health_s) < HEALTH_S
    assert max(seen.late_s) < LATE_S
    assert seen.growth_mb < GROWTH_MB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_look_ups_that_hang_disturb_nobody_else(own_server: OwnServer) -> None:
    """The healthy one has a name, too; a new one for each call."""
    with NameServer() as names, Receiver() as healthy:
        server = own_server(env={"SENT_EGRESS_NAME_SERVERS": names.address})
        with attacked(server, (f"http://h{number}.hang.test/" for number in range(64))):
            wait_for(lambda: sum("hang" in name for name in names.asked) >= 40)
            tenant = server.create_account().http
            made = tenant.post("/v3/webhooks", samples.webhook()).data["id"]
            late_s: list[float] = []
            for number in range(15):
                url = f"http://well{number}.test:{healthy.port}/healthy"
                tenant.put(f"/v3/webhooks/{made}", {"endpoint_url": url})
                started_s = time.monotonic()
                answer = tenant.post(f"/v3/webhooks/{made}/test", {"event_type": "messages"})
                assert answer.data["success"], answer.data
                late_s.append(time.monotonic() - started_s)
    assert max(late_s) < LATE_S
