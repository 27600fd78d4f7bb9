"""A way to the server on which requests can be refused and answers get lost. Remembers what went through."""

import json
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    key: str | None
    body: bytes
    at_s: float


@dataclass(frozen=True)
class Refusal:
    """An answer of our own; the request does not reach the server."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = "INTERNAL_001"


@dataclass(frozen=True)
class LostAnswer:
    """The request reaches the server; the connection breaks before the answer."""


class Gateway:
    def __init__(self, base_url: str) -> None:
        self.seen: list[Seen] = []
        self._faults: queue.SimpleQueue[Refusal | LostAnswer] = queue.SimpleQueue()
        self._behind = urlsplit(base_url).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def will(self, *faults: Refusal | LostAnswer) -> None:
        """One for each of the next requests that change something."""
        for fault in faults:
            self._faults.put(fault)

    def forget(self) -> None:
        """What is still to happen does not."""
        while self._next_fault("POST") is not None:
            pass

    def keys(self, phone: str) -> list[str | None]:
        """The idempotency keys of the requests that name this number, in order."""
        return [one.key for one in self.seen if phone.encode() in one.body]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next_fault(self, method: str) -> Refusal | LostAnswer | None:
        try:
            return None if method == "GET" else self._faults.get_nowait()
        except queue.Empty:
            return None

    def _forward(self, seen: Seen, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self._behind, timeout=30)
        try:
            connection.request(seen.method, seen.path, seen.body or None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                seen = Seen(self.command, self.path, self.headers.get("idempotency-key"), body, time.monotonic())
                gateway.seen.append(seen)
                fault = gateway._next_fault(self.command)
                if isinstance(fault, Refusal):
                    error = {"code": fault.code, "message": "Refused by the gateway"}
                    told: dict[str, Any] = {"success": False, "data": None, "error": error}
                    self.answer(fault.status, fault.headers, json.dumps(told).encode())
                    return
                status, headers, content = gateway._forward(seen, dict(self.headers.items()))
                if fault is not None:
                    self.close_connection = True
                    return
                self.answer(status, headers, content)

            def answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
