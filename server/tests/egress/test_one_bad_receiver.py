"""A receiver hurts itself only: others are answered and hear of their messages, and memory stays."""

import itertools
import socket
import time
from pathlib import Path

import pytest

from harness import samples
from harness.hostile import HostileReceiver, NameServer
from harness.receiver import Receiver
from harness.server import OwnServer
from harness.waiting import at_least, wait_for
from harness.watching import LATE_S, attacked, watch

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


def pour_for_ever(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
    receiver.read_request(connection)
    start, rest = FLOODS[number % len(FLOODS)]
    receiver.pour(connection, itertools.chain([start], itertools.repeat(rest)))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_floods_of_every_kind_disturb_nobody_else(own_server: OwnServer) -> None:
    server = own_server()
    with HostileReceiver(pour_for_ever) as hostile, Receiver() as healthy:
        with attacked(server, (hostile.url(f"/{number}") for number in range(18))):
            wait_for(lambda: hostile.connections, until=lambda n: n >= 9, what="nine connections")
            seen = watch(server, healthy)
        assert hostile.connections > 18
    seen.check()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_look_ups_that_hang_disturb_nobody_else(own_server: OwnServer) -> None:
    """The healthy one has a name, too; a new one for each call."""
    with NameServer() as names, Receiver() as healthy:
        server = own_server(env={"SENT_EGRESS_NAME_SERVERS": names.address})
        with attacked(server, (f"http://h{number}.hang.test/" for number in range(64))):
            wait_for(lambda: [name for name in names.asked if "hang" in name], until=at_least(40), what="40 look-ups")
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
