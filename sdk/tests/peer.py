"""A TCP server that does exactly what a test says, and remembers what it was sent."""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

META = {"request_id": "req_peer", "timestamp": "2026-01-15T10:35:00+00:00", "version": "v3"}
ACCOUNT = {"id": "c1", "name": "Demo"}


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Act = Callable[[socket.socket], None]


def envelope(data: Any = None, **more: Any) -> bytes:
    return json.dumps(
        {"success": True, "data": ACCOUNT if data is None else data, "error": None, "meta": META, **more}
    ).encode()


def failure(code: str = "INTERNAL_001", message: str = "Something went wrong") -> bytes:
    return json.dumps(
        {"success": False, "data": None, "error": {"code": code, "message": message}, "meta": META}
    ).encode()


def head(status: int, length: int | None, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", "X-Request-Id: req_peer", *(f"{k}: {v}" for k, v in headers.items())]
    if "content-type" not in {name.lower() for name in headers}:
        lines.append("Content-Type: application/json")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def answer(status: int = 200, body: bytes | None = None, **headers: str) -> Act:
    """A whole answer; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None:
        body = envelope() if status < 300 else failure()
    # What has no body by definition says nothing of its length.
    length = None if status in (204, 304) else len(body)
    return lambda s: s.sendall(head(status, length, named) + (b"" if status in (204, 304) else body))


def soon(status: int) -> Act:
    """A refusal that asks to come back after a millisecond."""
    return answer(status, retry_after_ms="1")


def raw(data: bytes) -> Act:
    """These bytes, and the end."""

    def act(s: socket.socket) -> None:
        s.sendall(data)
        raise Hangup

    return act


def cut(length: int, sent: bytes) -> Act:
    """A body that breaks off."""
    return raw(head(200, length, {}) + sent)


def hang_up(s: socket.socket) -> None:
    raise Hangup


def reset(s: socket.socket) -> None:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    raise Hangup


class Hangup(Exception):
    pass


class Peer:
    """`acts` answer one request each; the last one goes on. Without `read_requests`, they answer connections."""

    def __init__(self, *acts: Act, read_requests: bool = True) -> None:
        self.seen: list[Seen] = []
        self.released = threading.Event()
        self.connections = 0
        self._acts = list(acts)
        self._read_requests = read_requests
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, requests: int) -> None:
        """Until that many have been read: a client may give up before this side has looked."""
        deadline_s = time.monotonic() + 30
        while len(self.seen) < requests:
            assert time.monotonic() < deadline_s, f"{len(self.seen)} of {requests} requests came"
            time.sleep(0.01)

    def silence(self, s: socket.socket) -> None:
        """Nothing at all, until the test is over."""
        self.released.wait(60)
        raise Hangup

    def stall(self, data: bytes) -> Act:
        """These bytes, and then nothing."""

        def act(s: socket.socket) -> None:
            s.sendall(data)
            self.silence(s)

        return act

    def then(self, *acts: Act) -> Self:
        """For acts that need the peer itself."""
        self._acts = list(acts)
        return self

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, s: socket.socket) -> None:
        try:
            with s, s.makefile("rb") as lines:
                while True:
                    if self._read_requests:
                        seen = _request(lines)
                        if seen is None:
                            return
                    with self._lock:
                        if self._read_requests:
                            self.seen.append(seen)
                        act = self._acts[0] if len(self._acts) == 1 else self._acts.pop(0)
                    act(s)
        except (Hangup, OSError, ValueError):
            pass

    def close(self) -> None:
        self.released.set()
        # A thread that waits in accept() is woken by this, and not by close() alone.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._open:
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _request(lines: Any) -> Seen | None:
    first = lines.readline().decode()
    if not first:
        return None
    method, path, _ = first.split(" ", 2)
    headers: dict[str, str] = {}
    while line := lines.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Seen(method, path, headers, lines.read(int(headers.get("content-length", 0))))
