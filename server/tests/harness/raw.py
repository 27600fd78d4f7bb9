"""Requests as bytes over a socket, in whatever pieces, and the answers that come back."""

import contextlib
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson


@dataclass(frozen=True, slots=True)
class RawAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def connect(base_url: str, timeout_s: float = 10) -> socket.socket:
    address = urlsplit(base_url)
    connection = socket.create_connection((address.hostname, address.port), timeout_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send(connection: socket.socket, pieces: Sequence[bytes], pause_s: float = 0.03) -> None:
    """Each piece in a packet of its own. The server may hang up meanwhile."""
    with contextlib.suppress(ConnectionError):
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(pause_s)
            connection.sendall(piece)


def until_closed(connection: socket.socket, timeout_s: float = 10) -> bytes:
    """What comes until the server closes; fails when it does not within that time."""
    received = b""
    connection.settimeout(timeout_s)
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def until_silent(connection: socket.socket, idle_s: float = 0.5) -> bytes:
    received = b""
    connection.settimeout(idle_s)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while chunk := connection.recv(65_536):
            received += chunk
    return received


def talk(base_url: str, *pieces: bytes, idle_s: float = 10) -> list[RawAnswer]:
    """Send the pieces on a new connection, and read answers until the server closes or falls silent."""
    with connect(base_url) as connection:
        send(connection, pieces)
        return answers(until_silent(connection, idle_s))


def answers(received: bytes) -> list[RawAnswer]:
    """Every answer of a connection, interim ones included. Fails when the bytes are not answers, one after another."""
    found: list[RawAnswer] = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end, f"an answer without an end: {head[:200]!r}"
        line, *lines = head.decode("latin-1").split("\r\n")
        parsed = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", line)
        assert parsed, f"no answer: {line[:200]!r}"
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while True:
                size, _, received = received.partition(b"\r\n")
                body, received = body + received[: int(size, 16)], received[int(size, 16) + 2 :]
                if not int(size, 16):
                    break
        else:
            length = int(headers.get("content-length", 0))
            body, received = received[:length], received[length:]
            assert len(body) == length, "an answer that is shorter than it says"
        found.append(RawAnswer(int(parsed[1]), headers, body))
    return found
