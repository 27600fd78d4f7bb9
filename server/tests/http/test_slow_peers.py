"""Clients that send nothing, or half of something, or hundreds of connections: closed in time, and nobody waits."""

import contextlib
import selectors
import socket
import time

import pytest

from harness import raw, server
from harness.backends import Backend
from harness.server import OwnServer, Server

HEAD = b"POST /v3/contacts HTTP/1.1\r\nHost: x\r\n"
# The shortest time after which a silent client is given up (half a head, below).
GIVEN_UP_S = 10
# What a client sends before it falls silent, and for how long it is waited for: accept, head, body.
STUCK = {
    "nothing": (b"", 75),
    "an empty line": (b"\r\n", 75),
    "half a head": (HEAD, 10),
    "half a body": (HEAD + b"x-api-key: KEY\r\nContent-Length: 100\r\n\r\n{", 30),
    "half a chunk": (HEAD + b"x-api-key: KEY\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 30),
    "one request": (b"GET /v3/health HTTP/1.1\r\nHost: x\r\n\r\n", 75),
}


def test_clients_that_fall_silent_are_closed_in_time(server: Server) -> None:
    started, lived_s, opened = time.monotonic(), {}, []
    with selectors.DefaultSelector() as selector:
        for name, (sent, _) in STUCK.items():
            connection = raw.connect(server.base_url)
            opened.append(connection)
            connection.sendall(sent.replace(b"KEY", server.api_key.encode()))
            selector.register(connection, selectors.EVENT_READ, name)
        while len(lived_s) < len(STUCK) and time.monotonic() - started < 140:
            for key, _ in selector.select(1):
                data = b""
                with contextlib.suppress(ConnectionError):
                    data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                if not data:
                    lived_s[key.data] = time.monotonic() - started
                    selector.unregister(key.fileobj)
    for connection in opened:
        connection.close()
    for name, (_, limit_s) in STUCK.items():
        assert limit_s - 1 <= lived_s.get(name, 1_000) <= limit_s + 30, (name, lived_s)


def _flood(base_url: str, count: int, sent: bytes) -> list[socket.socket]:
    opened: list[socket.socket] = []
    for _ in range(count):
        connection = raw.connect(base_url)
        opened.append(connection)
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
    return opened


@pytest.mark.parametrize("sent", [b"", HEAD], ids=["nothing", "half a head"])
def test_more_connections_than_an_address_may_have_leave_room_for_a_request(own_server: OwnServer, sent: bytes) -> None:
    running = own_server(env={"SENT_MAX_CONNECTIONS_PER_ADDRESS": "50"})
    opened = _flood(running.base_url, 120, sent)
    started = time.monotonic()
    assert running.anonymous().get("/v3/health").status == 200
    assert time.monotonic() - started < GIVEN_UP_S, "it waited for one of the others to be given up"
    for connection in opened:
        connection.close()
    said = [line for line in running.errors if b"http.connections_of_address_at_limit" in line]
    assert len(said) == 1, "one line, not one per connection"


def test_a_server_with_few_open_files_still_answers(backend: Backend) -> None:
    """accept() failed without a word, and went on to fail as long as the connections were there."""
    home = backend.new_home()

    def limited(*arguments: str) -> list[str]:
        return ["/bin/bash", "-c", 'ulimit -n 260; exec "$@"', "limited", *server.command(*arguments)]

    running = server.start(home, backend.name, database_url=backend.url_for(home), program=limited)
    opened = _flood(running.base_url, 300, b"")
    started = time.monotonic()
    assert running.anonymous().get("/v3/health").status == 200
    assert time.monotonic() - started < GIVEN_UP_S, "it waited for one of the others to be given up"
    for connection in opened:
        connection.close()
    assert running.stop() == 0
    assert any(b"http.connections_limited_by_open_files" in line for line in running.errors)
