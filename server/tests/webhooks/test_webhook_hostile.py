"""A tenant whose hundred webhooks all do harm, each in its own way, is no harm to anybody else."""

import itertools
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import database, samples
from harness.client import Client
from harness.hostile import HostileReceiver, NameServer
from harness.receiver import Receiver
from harness.server import OwnServer, Server
from harness.waiting import at_least, wait_for
from harness.watching import PATIENCE_S, attacked, send, watch

WEBHOOKS = 100
NAMES = 40
DEAD = "http://127.0.0.1:9/"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"
AGAIN_LATER = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"


def drip(data: bytes) -> Iterator[bytes]:
    for one in data:
        time.sleep(0.2)
        yield bytes([one])


def flap() -> Iterator[bytes]:
    """Well for a second, broken for a second."""
    yield OK if int(time.monotonic()) % 2 else BROKEN


# What comes back for a request. An answer that ends leaves the connection open for the next one.
KINDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "410": lambda: iter([GONE]),
    "500": lambda: iter([BROKEN]),
    "503": lambda: iter([AGAIN_LATER]),
    "drip of a head": lambda: drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1_000),
    "drip of a body": lambda: drip(OK.replace(b"2\r\n", b"900\r\n") + b"x" * 900),
    "endless 1xx": lambda: itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 200),
    "endless head": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-A: b\r\n" * 1_000)),
    "flapping": flap,
    "garbage": lambda: iter([b"\x00" * 100]),
}


class Misbehaviour:
    """Of the kind that the path names. `spoiled` earns trust, and many requests at a time, and then hangs."""

    TRUSTED_AFTER = 20

    def __init__(self) -> None:
        self._had: Counter[str] = Counter()

    def __call__(self, receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        while request := receiver.read_request(connection):
            path = request.split(b" ")[1].decode()
            self._had[path] += 1
            match path.rsplit("/", 1)[1].replace("%20", " "):
                case "close":
                    return
                case "spoiled" if self._had[path] <= self.TRUSTED_AFTER:
                    connection.sendall(OK)
                case "hang" | "spoiled":
                    connection.recv(1)
                    return
                case kind:
                    receiver.pour(connection, KINDS[kind]())


def toggle(attacker: Client, hook: str) -> None:
    """Off and on, which also enables what was disabled."""
    for active in (False, True):
        attacker.patch(f"/v3/webhooks/{hook}/toggle-status", {"is_active": active})


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("also", [None, toggle], ids=["left alone", "switched on and off"])
def test_a_hundred_hostile_webhooks_disturb_nobody_else(
    own_server: OwnServer, also: Callable[..., None] | None
) -> None:
    with NameServer() as names, HostileReceiver(Misbehaviour()) as hostile, Receiver() as healthy:
        server = own_server(env={"SENT_EGRESS_NAME_SERVERS": names.address})
        kinds = [*KINDS, "hang", "close", "spoiled", "spoiled"]
        urls = [
            hostile.url(f"/{number}/{kinds[number % len(kinds)]}").replace(" ", "%20")
            for number in range(WEBHOOKS - NAMES)
        ]
        urls += [f"http://n{number}.{'absent' if number % 4 == 0 else 'hang'}.test/" for number in range(NAMES)]
        with attacked(server, urls, also):
            wait_for(
                lambda: [name for name in names.asked if "hang" in name], 20, until=at_least(20), what="20 look-ups"
            )
            seen = watch(server, healthy)
        reached = {request.split(b" ")[1] for request in hostile.requests}
    assert len(reached) > len(kinds), "the attack was one"
    seen.check()


def test_one_request_to_a_hundred_webhooks_of_ones_own_stalls_nobody(own_server: OwnServer) -> None:
    """A thousand recipients and a hundred webhooks are 100,000 deliveries. They are written in portions, and others
    have their turn in between; test_webhook_fan_out.py counts how much a transaction writes."""
    server = own_server()
    attacker, other = server.create_account().http, server.create_account().http
    template_id, other_template_id = (
        client.post("/v3/templates", samples.template()).data["id"] for client in (attacker, other)
    )
    for _ in range(WEBHOOKS):
        assert attacker.post("/v3/webhooks", samples.webhook(DEAD, "message.queued")).status == 201
    body = {
        "to": [f"+1415{number:07}" for number in range(5_550_000, 5_551_000)],
        "template": {"id": template_id},
        "channel": ["sms"],
    }
    accepted = attacker.post("/v3/messages", body, timeout_s=PATIENCE_S)
    assert accepted.status == 202, accepted.body
    answered_meanwhile = 0
    while _not_written(server) > 0 and answered_meanwhile < 5:
        send(other, other_template_id)
        assert server.anonymous().get("/v3/health", timeout_s=PATIENCE_S).status == 200
        answered_meanwhile += _not_written(server) > 0
    assert answered_meanwhile > 0, "others were answered only when all deliveries were written"


def _not_written(server: Server) -> int:
    left = "SELECT CAST(COALESCE(SUM(total - done), 0) AS BIGINT) FROM fan_outs"
    return database.rows(server.database_url, left)[0][0]
