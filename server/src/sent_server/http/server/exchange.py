"""One request and its response, as an ASGI application receives and sends them."""

import asyncio
import http
import time
from collections.abc import Iterable, MutableMapping
from email.utils import formatdate
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Message, Scope

from sent_server.http.server.head import Head

log = structlog.get_logger()
_STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in http.HTTPStatus}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# A head and a body up to this size are sent together.
JOINED = 64 * 1024
_ASGI = {"version": "3.0", "spec_version": "2.3"}


class ExchangeConnection(Protocol):
    """The interface of the connection for an exchange."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    client: tuple[str, int] | None
    server: tuple[str, int] | None
    # Set while the client reads too slowly, done when it has caught up.
    writable: asyncio.Future[None] | None

    def may_keep_alive(self) -> bool: ...

    def resume_reading(self) -> None: ...

    def answered(self) -> None: ...

    def crashed(self) -> None: ...

    def abort(self) -> None: ...


class Exchange:
    __slots__ = (
        "_body_done",
        "_chunked",
        "_connection",
        "_delivered",
        "_disconnected",
        "_has_body",
        "_head",
        "_left",
        "_pieces",
        "_request",
        "_waiter",
        "complete",
        "expects_continue",
        "keep_alive",
        "received",
        "started",
        "unread",
    )

    def __init__(self, connection: ExchangeConnection, request: Head) -> None:
        self.keep_alive = request.keep_alive
        self.expects_continue = request.expects_continue and request.length != 0
        self.started = self.complete = False
        self.received = self.unread = 0
        self._connection = connection
        self._request = request
        self._pieces: list[bytes] = []
        self._body_done = request.length == 0
        self._delivered = False
        self._disconnected = False
        self._waiter: asyncio.Future[None] | None = None
        self._head: bytes | None = None
        self._chunked = False
        self._left = 0
        self._has_body = True

    @property
    def is_stream(self) -> bool:
        """A response of unknown length, such as server-sent events."""
        return self.started and not self.complete and self._chunked

    async def run(self, app: ASGIApp, running: MutableMapping[object, asyncio.Task[None]]) -> None:
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:
            log.exception("http.application_crashed", method=self._request.method)
        finally:
            del running[self]
        if not self.complete and not self._disconnected:
            if self.started:
                self._connection.abort()
            else:
                self.complete = True
                self._connection.crashed()

    def feed(self, piece: bytes, *, done: bool) -> None:
        self._body_done = done
        if piece and not self.complete:
            self._pieces.append(piece)
            self.unread += len(piece)
        self._wake()

    def disconnect(self) -> None:
        self._disconnected = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _scope(self) -> Scope:
        request = self._request
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": request.version,
            "server": self._connection.server,
            "client": self._connection.client,
            "scheme": "http",
            "method": request.method,
            "root_path": "",
            "path": request.path,
            "raw_path": request.raw_path,
            "query_string": request.query_string,
            "headers": request.headers,
            "state": {},
        }

    async def _receive(self) -> Message:
        if self.expects_continue and not self._disconnected:
            self.expects_continue = False
            if not self._pieces and not self._body_done and not self.started:
                self._connection.transport.write(CONTINUE)
        while not self._disconnected and not self.complete and (self._delivered or not self._has_news()):
            self._connection.resume_reading()
            self._waiter = self._connection.loop.create_future()
            await self._waiter
        if self._disconnected or self.complete:
            return {"type": "http.disconnect"}
        content = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self.unread = 0
        self._delivered = self._body_done
        return {"type": "http.request", "body": content, "more_body": not self._body_done}

    def _has_news(self) -> bool:
        return bool(self._pieces) or self._body_done

    async def _send(self, message: Message) -> None:
        writable = self._connection.writable
        if writable is not None and not self._disconnected:
            await asyncio.shield(writable)
        if self._disconnected:
            return
        kind = message["type"]
        if self.complete or kind != ("http.response.body" if self.started else "http.response.start"):
            raise RuntimeError(f"The application sent {kind} out of turn")
        if self.started:
            self._send_body(message.get("body", b""), more=message.get("more_body", False))
        else:
            self.started = True
            self._head = self._render(message["status"], message.get("headers", ()))

    def _render(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The head is sent in one packet with the first part of the body, as ASGI requires."""
        self.keep_alive = self.keep_alive and self._connection.may_keep_alive()
        lines = [_STATUS[status], b"date: ", _date(), b"\r\n"]
        length: int | None = None
        count = 2
        for name, value in headers:
            name = name.lower()
            if name == b"content-length":
                length = int(value)
            elif name in (b"transfer-encoding", b"connection"):
                # This server decides about keeping the connection. An application may only close it.
                self.keep_alive = self.keep_alive and b"close" not in value.lower()
                continue
            lines += (name, b": ", value, b"\r\n")
            count += 1
        self._has_body = self._request.method != "HEAD" and status >= 200 and status not in (204, 304)
        if self._has_body:
            if length is not None:
                self._left = length
            elif self._request.version == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
                count += 1
            else:
                self.keep_alive = False
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
            count += 1
        elif self._request.version == "1.0":
            lines.append(b"connection: keep-alive\r\n")
            count += 1
        lines.append(b"\r\n")
        rendered = b"".join(lines)
        # A line break in a value would allow header injection or response splitting.
        if rendered.count(b"\n") != count + 1 or rendered.count(b"\r") != count + 1 or b"\0" in rendered:
            self.started = False
            raise RuntimeError("A header of the answer holds a control character")
        return rendered

    def _send_body(self, content: bytes, *, more: bool) -> None:
        if not self._has_body:
            content = b""
        elif self._chunked:
            content = (b"%x\r\n%b\r\n" % (len(content), content) if content else b"") + (b"" if more else b"0\r\n\r\n")
        elif self._request.version == "1.1" or self._left:
            self._left -= len(content)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("The body of the answer is not as long as its Content-Length says")
        start, self._head = self._head, None
        transport = self._connection.transport
        if start is not None and len(content) <= JOINED:
            transport.write(start + content)
        else:
            if start is not None:
                transport.write(start)
            if content:
                transport.write(content)
        if not more:
            self.complete = True
            self._wake()
            self._connection.answered()


_dated: tuple[int, bytes] = (0, b"")


def _date() -> bytes:
    global _dated
    now_s = int(time.time())
    if _dated[0] != now_s:
        _dated = (now_s, formatdate(now_s, usegmt=True).encode())
    return _dated[1]
