"""One connection: passes one request at a time to the application, and sends responses in the same order.

IDLE --first byte--> HEAD --end of head--> BODY --complete--> ANSWERING --response sent--> IDLE, or LEAVING

Every state except ANSWERING waits for the client and has a deadline. A response that the client does not read has one,
too. In LEAVING no more requests are read: the rest of the response is sent, and incoming bytes are discarded for a
moment, because closing earlier would reset the connection of a client that is still sending and lose the response.
"""

import asyncio
import math
from typing import Any, cast

from sent_server.http.server import body, head, refusal
from sent_server.http.server.exchange import Exchange
from sent_server.http.server.head import Head, RefusedError
from sent_server.http.server.states import (
    ANSWER_S,
    BODY_S,
    BYTES_PER_S,
    HEAD_S,
    HIGH_WATER,
    IDLE_S,
    LEAVING_S,
    MAX_DISCARDED,
    ConnectionState,
    Served,
)
from sent_server.http.server.table import SMALL, Peer


class ServerConnection(asyncio.Protocol):
    __slots__ = (
        "_body",
        "_buffer",
        "_exchange",
        "_has_ended",
        "_held",
        "_is_reading",
        "_peer",
        "_scanned",
        "_served",
        "_since_s",
        "_state",
        "_table",
        "_unsent",
        "_written_since_s",
        "client",
        "deadline_s",
        "loop",
        "server",
        "transport",
        "writable",
    )

    def __init__(self, served: Served) -> None:
        self.deadline_s = math.inf
        self.loop = asyncio.get_running_loop()
        self.writable: asyncio.Future[None] | None = None
        self._served = served
        self._table = served.table
        self._buffer = bytearray()
        self._scanned = 0
        self._state = ConnectionState.IDLE
        self._since_s = 0.0
        self._held = 0
        self._is_reading = True
        self._has_ended = False
        self._exchange: Exchange | None = None
        self._body: body.Counted | body.Chunked | None = None
        self._peer: Peer | None = None
        self._written_since_s: float | None = None
        self._unsent = 0

    # --- events of the transport ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(HIGH_WATER)
        self.client = _address(transport.get_extra_info("peername"))
        self.server = _address(transport.get_extra_info("sockname"))
        self._peer = self._table.enter(self, self.client[0] if self.client else "")
        if self._peer is None:
            self._state = ConnectionState.LEAVING
            reason = "Too many connections; close idle ones, or try again in a moment"
            self.transport.write(refusal.render(503, reason, self._served.doc_url_base))
            self.transport.close()
            return
        self._wait(ConnectionState.IDLE, IDLE_S)

    def data_received(self, data: bytes) -> None:
        if self._state is ConnectionState.LEAVING:
            return
        self._buffer += data
        self._advance()
        self._account()

    def eof_received(self) -> bool:
        """Keep our half open until all received requests have responses: some programs half-close after sending."""
        self._has_ended = True
        exchange = self._exchange
        if exchange is None:
            return bool(self._buffer) and self.writable is not None
        if self._table.is_in_line(self):
            return True
        if self._state is not ConnectionState.ANSWERING or exchange.is_stream:
            return False
        if not self._buffer and not exchange.started:
            exchange.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._state, self.deadline_s = ConnectionState.LEAVING, math.inf
        self._buffer.clear()
        if self._peer is not None:
            self._table.hold(self._peer, -self._held - self._unsent)
            self._held = self._unsent = 0
        self._table.leave(self)
        if self._exchange is not None:
            self._exchange.disconnect()
            self._exchange = None
        self._wake_writer()

    def pause_writing(self) -> None:
        self.writable = self.loop.create_future()
        self._written_since_s = self.loop.time()
        self._unsent = self.transport.get_write_buffer_size()
        if self._peer is not None:
            if self._unsent > SMALL and self._table.is_full(self._peer):
                self.loop.call_soon(self.abort)
            self._table.hold(self._peer, self._unsent)
        self.deadline_s = min(self.deadline_s, self._written_since_s + ANSWER_S)

    def resume_writing(self) -> None:
        if self._peer is not None:
            self._table.hold(self._peer, -self._unsent)
        self._unsent, self._written_since_s = 0, None
        self._wake_writer()
        if self._exchange is None and self._state is not ConnectionState.LEAVING:
            self._go_on()

    # --- reading ---

    def _advance(self) -> None:
        """Process the buffer: begin a request, pass on its body, or wait."""
        try:
            if self._exchange is None and self._state is not ConnectionState.LEAVING and self.writable is None:
                self._read_head()
            elif self._body is not None:
                self._read_body_in_turn()
        except RefusedError as refused:
            self._refuse(refused)
        if len(self._buffer) > HIGH_WATER and (self._exchange is not None or self.writable is not None):
            self.pause_reading()

    def _go_on(self) -> None:
        """Begin the next request, which may be in the buffer already or never arrive."""
        self.resume_reading()
        if self._buffer:
            self._advance()
        is_waiting = self._exchange is None and not (self._buffer and self.writable is not None)
        if self._has_ended and is_waiting and self._state is not ConnectionState.LEAVING:
            self._leave(linger=False)

    def _read_head(self) -> None:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # an empty line before a request is ignored
            del buffer[:2]
        if not buffer or bytes(buffer[:2]) == b"\r":
            return
        end = buffer.find(b"\r\n\r\n", max(0, self._scanned - 3))
        if end < 0:
            head.check_start(buffer, self._scanned)
            self._scanned = len(buffer)
            if self._state is ConnectionState.IDLE:
                self._wait(ConnectionState.HEAD, HEAD_S)
            return
        raw = bytes(buffer[:end])
        del buffer[: end + 4]
        self._scanned = 0
        self._begin(head.parse(raw))

    def _begin(self, request: Head) -> None:
        exchange = self._exchange = Exchange(self, request)
        length = request.length
        if length is not None and length <= len(self._buffer):  # it is complete, as in most requests
            self._answer()
            if length:
                exchange.received = length
                exchange.feed(bytes(self._buffer[:length]), done=True)
                del self._buffer[:length]
        else:
            self._body = body.framed(request.length)
            self._wait(ConnectionState.BODY, BODY_S)
            if self._buffer:
                self._read_body_in_turn()
        if self._exchange is exchange:
            self._table.tasks[exchange] = self.loop.create_task(exchange.run(self._served.app, self._table.tasks))

    def _read_body_in_turn(self) -> None:
        """The cost of chunks depends on their number, so connections with many chunks take turns."""
        if isinstance(self._body, body.Chunked) and self._table.has_line():
            self._table.line_up(self)
        else:
            self._read_body()

    def proceed(self) -> None:
        """Continue reading: it is this connection's turn."""
        if self._body is None or self._state is ConnectionState.LEAVING:
            return
        try:
            self._read_body()
        except RefusedError as refused:
            self._refuse(refused)
        self._account()
        if self._has_ended and self._state is ConnectionState.BODY and not self._table.is_in_line(self):
            self.transport.close()  # the rest will never arrive

    def _read_body(self) -> None:
        exchange, reader = self._exchange, self._body
        assert exchange is not None
        assert reader is not None
        piece = reader.take(self._buffer)
        exchange.received += len(piece)
        if reader.done:
            self._body = None
            self._answer()
        exchange.feed(piece, done=reader.done)
        if exchange.complete:
            self._end_exchange()
        elif not reader.done:
            if exchange.unread > HIGH_WATER or len(self._buffer) > HIGH_WATER:
                self.pause_reading()
            if reader.has_more:
                self._table.line_up(self)

    def _answer(self) -> None:
        self._state = ConnectionState.ANSWERING
        if self._peer is not None:
            self._peer.waiting.pop(self, None)
        self.deadline_s = math.inf if self._written_since_s is None else self._written_since_s + ANSWER_S

    def pause_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._is_reading and not self.transport.is_closing():
            self._is_reading = True
            self.transport.resume_reading()

    # --- answering ---

    def answered(self) -> None:
        """The exchange has written its complete response."""
        if self._body is None:
            self._end_exchange()
        elif self._state is not ConnectionState.LEAVING and not self._exchange_may_go_on():
            self._leave()
        else:
            self.resume_reading()

    def may_keep_alive(self) -> bool:
        """Whether the rest of the request will be read, so that another may follow. Called when a response begins."""
        return not self._table.draining and (self._body is None or self._exchange_may_go_on())

    def _exchange_may_go_on(self) -> bool:
        left = self._body.left if self._body is not None else 0
        return (
            self._exchange is not None
            and self._exchange.keep_alive
            and not self._exchange.expects_continue
            and left is not None
            and left <= MAX_DISCARDED
        )

    def _end_exchange(self) -> None:
        exchange, self._exchange = self._exchange, None
        if self._state is ConnectionState.LEAVING:
            return
        if exchange is None or not exchange.keep_alive or self._table.draining:
            self._leave(linger=bool(self._buffer))
            return
        self._wait(ConnectionState.IDLE, IDLE_S)
        if self._written_since_s is not None:
            self.deadline_s = min(self.deadline_s, self._written_since_s + ANSWER_S)
        self._go_on()
        self._account()

    def crashed(self) -> None:
        """The application failed before its response began."""
        self.transport.write(refusal.render(500, "", self._served.doc_url_base))
        self._leave()

    def _refuse(self, refused: RefusedError) -> None:
        started = self._exchange is not None and self._exchange.started
        if self._exchange is not None:
            self._exchange.disconnect()
            self._exchange = None
        if started:
            self.abort()
            return
        self.transport.write(refusal.render(refused.status, refused.reason, self._served.doc_url_base))
        self._leave()

    def _leave(self, *, linger: bool = True) -> None:
        self._buffer.clear()
        self._body = None
        self._wait(ConnectionState.LEAVING, LEAVING_S)
        if linger and self.transport.can_write_eof() and not self.transport.is_closing():
            self.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()

    # --- limits ---

    def _wait(self, state: ConnectionState, at_most_s: float) -> None:
        self._state, self._since_s = state, self.loop.time()
        self.deadline_s = self._since_s + at_most_s
        if self._peer is not None:
            self._peer.waiting.pop(self, None)
            if state is not ConnectionState.LEAVING:
                self._peer.waiting[self] = None

    def _account(self) -> None:
        """Count the memory of this request."""
        held = len(self._buffer) + self._received()
        if held <= SMALL:
            held = 0
        if held != self._held and self._peer is not None and self._state is not ConnectionState.LEAVING:
            self._table.hold(self._peer, held - self._held)
            grew, self._held = held > self._held, held
            if grew and self._table.is_full(self._peer):
                self._refuse(RefusedError("Too many large requests at once; repeat this one in a moment", status=503))
                self._table.hold(self._peer, -self._held)
                self._held = 0

    def expire(self, now_s: float) -> None:
        """Handle a deadline, unless progress has extended it."""
        if self._written_since_s is not None and now_s >= self._written_since_s + ANSWER_S:
            left = self.transport.get_write_buffer_size()
            allowed_s = ANSWER_S + max(0, self._unsent - left) / BYTES_PER_S
            if now_s >= self._written_since_s + allowed_s:
                self.abort()
            else:
                self.deadline_s = self._written_since_s + allowed_s
            return
        match self._state:
            case ConnectionState.IDLE if now_s >= self._since_s + IDLE_S:
                self._leave(linger=False)
            case ConnectionState.IDLE:
                self.deadline_s = self._since_s + IDLE_S
            case ConnectionState.HEAD:
                self._refuse(RefusedError(f"The request head was not complete within {HEAD_S:.0f} seconds", status=408))
            case ConnectionState.BODY:
                self._expire_body(now_s)
            case ConnectionState.ANSWERING:
                self.deadline_s = math.inf
            case ConnectionState.LEAVING if self.transport.get_write_buffer_size() and now_s < self._since_s + ANSWER_S:
                self.deadline_s = self._since_s + ANSWER_S
            case ConnectionState.LEAVING:
                self.abort()

    def _expire_body(self, now_s: float) -> None:
        if not self._is_reading or self._table.is_in_line(self):  # the server itself does not read it
            self._since_s = now_s
        received = self._exchange.received if self._exchange is not None else 0
        self.deadline_s = self._since_s + BODY_S + received / BYTES_PER_S
        if now_s >= self.deadline_s:
            self._refuse(RefusedError(f"The body was not complete within {BODY_S:.0f} seconds", status=408))

    def _received(self) -> int:
        """Bytes of the body that the application has received or may still receive."""
        return self._exchange.received if self._exchange is not None and not self._exchange.complete else 0

    def evict(self) -> None:
        """Close to make room for another connection."""
        if self._state is ConnectionState.IDLE:
            self._leave(linger=False)
        else:
            self.abort()

    def shut_down(self) -> None:
        if self._exchange is None and self._state is not ConnectionState.LEAVING:
            self._leave(linger=False)

    def abort(self) -> None:
        self._state = ConnectionState.LEAVING
        self.transport.abort()

    def _wake_writer(self) -> None:
        writable, self.writable = self.writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)


def _address(name: Any) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else None  # pyright: ignore[reportUnknownArgumentType]
