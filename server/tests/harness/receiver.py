"""A webhook receiver on 127.0.0.1 that keeps what arrives byte for byte and answers as told."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import orjson

from harness.waiting import at_least, wait_for


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it came. Header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(slots=True)
class Behaviour:
    """How to answer. `after_s` delays the answer; `location` makes it a redirect."""

    status: int = 200
    after_s: float = 0.0
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()


class Receiver:
    """`url("/path")` is where to send; `deliveries` what came. `plan` answers the next ones, then `behaviour`."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.behaviour = Behaviour()
        self.plan: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def take(self, delivery: Delivery) -> Behaviour:
        with self._lock:
            self.deliveries.append(delivery)
            return self.plan.popleft() if self.plan else self.behaviour

    def on(self, path: str) -> list[Delivery]:
        return [delivery for delivery in list(self.deliveries) if delivery.path == path]

    def wait(self, count: int = 1, timeout_s: float = 10.0, *, path: str | None = None) -> list[Delivery]:
        """The deliveries, once there are at least `count` (on `path`, if given)."""

        def arrived() -> list[Delivery]:
            return list(self.deliveries) if path is None else self.on(path)

        return wait_for(arrived, timeout_s, until=at_least(count), what=f"{count} deliveries")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up while we delay the answer is part of the tests."""


def _handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            behaviour = receiver.take(Delivery(self.command, self.path, headers, body, time.time()))
            if behaviour.after_s:
                time.sleep(behaviour.after_s)
            self.send_response(behaviour.status)
            for name, value in behaviour.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(behaviour.body)))
            self.end_headers()
            self.wfile.write(behaviour.body)

        do_POST = do_GET = do_PUT = _take

        def log_message(self, format: str, *args: Any) -> None:
            """Tests look at `deliveries`."""

    return Handler
