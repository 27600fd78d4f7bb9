"""One connection to one receiver, for one tenant. It counts every byte and never reads more than allowed.

    open -> [TLS handshake] -> ask -> idle -> ask -> ... -> closed

Bytes that arrive without a request close it, because they would be read as the next response.
"""

import asyncio
import socket
import ssl
from typing import cast

from sent_server.egress.reader import AnswerError, AnswerReader
from sent_server.egress.tls import Tls

MAX_READ_BYTES = 64 * 1024  # per attempt, including interim responses, heads, chunk framing, trailers and TLS
READ_AT_ONCE_BYTES = 4 * 1024


class ClosedError(OSError):
    """The peer closed the connection before the status. `was_silent`: it had sent nothing."""

    def __init__(self, *, was_silent: bool) -> None:
        super().__init__("the connection was closed")
        self.was_silent = was_silent


class ClientConnection(asyncio.BufferedProtocol):
    def __init__(self, link: socket.socket, tls: Tls | None) -> None:
        self.is_closed = False
        self.was_used = False
        self._loop = asyncio.get_running_loop()
        self._socket = link
        self._tls = tls
        self._transport: asyncio.Transport | None = None
        self._buffer = memoryview(bytearray(READ_AT_ONCE_BYTES))
        self._may_read = MAX_READ_BYTES
        self._has_received = False
        self._reader: AnswerReader | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def was_opened(self) -> bool:
        """Whether we have to close the socket."""
        return self._transport is not None

    async def shake_hands(self) -> None:
        """Raises ssl.SSLError, AnswerError, ClosedError."""
        assert self._tls is not None
        self._waiter = self._loop.create_future()
        self._tls.start()
        self._flush()
        await self._waiter

    def is_quiet(self) -> bool:
        """Whether the connection is open and no unexpected bytes arrived, not even in the kernel."""
        if self.is_closed:
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    async def ask(self, request: bytes, reader: AnswerReader) -> bool:
        """Send the request and feed the reader until the response is complete. Returns whether to keep the connection.

        Raises AnswerError, ClosedError. A connection that is not kept is always closed.
        """
        if self.was_used:
            self._may_read = MAX_READ_BYTES
            self._has_received = False
        elif self._has_received or (self._tls is None and not self.is_quiet()):
            self.abort()
            raise AnswerError("The endpoint answered or hung up before it was asked")
        self.was_used = True
        self._reader = reader
        self._waiter = self._loop.create_future()
        keep = False
        try:
            if self._tls is None:
                self._write(request)
            else:
                self._tls.send(request)
                self._flush()
            await self._waiter
            is_sent = self._is_sent()
            if not is_sent and reader.answer.ok:
                raise AnswerError("The endpoint answered before the request had been sent")
            keep = is_sent and reader.keeps_alive and not reader.has_surplus and not self.is_closed
        finally:
            self._reader = self._waiter = None
            if not keep:
                self.abort()
        return keep

    def abort(self) -> None:
        """Close at once, without waiting for the peer."""
        self.is_closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer[: max(1, self._may_read)]

    def buffer_updated(self, nbytes: int) -> None:
        self._may_read -= nbytes
        try:
            self._receive(bytes(self._buffer[:nbytes]))
            if self._may_read <= 0 and not self.is_closed:
                self._end(AnswerError(f"More than {MAX_READ_BYTES // 1024} KiB came without an answer"))
        except ssl.SSLZeroReturnError:
            self._end(ClosedError(was_silent=not self._has_received))
        except (AnswerError, ssl.SSLError) as error:
            self._end(error)

    def eof_received(self) -> None:
        """The transport closes itself, and `connection_lost` follows."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ClosedError(was_silent=not self._has_received))

    def _receive(self, data: bytes) -> None:
        if self._tls is not None:
            shaking = not self._tls.is_open
            try:
                data = self._tls.receive(data)
            finally:
                self._flush()  # an alert says why
            if shaking and self._tls.is_open:
                self._settle()
        if not data:
            return
        self._has_received = True
        if self._reader is None:
            self.abort()
            return
        self._reader.feed(data)
        if self._reader.is_complete:
            self._settle()

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self.is_closed:
            self._transport.write(data)

    def _flush(self) -> None:
        if self._tls is not None:
            self._write(self._tls.outgoing())

    def _is_sent(self) -> bool:
        return self._transport is not None and self._transport.get_write_buffer_size() == 0

    def _settle(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self, error: Exception) -> None:
        """Close. The status decides: once it is known, problems with the body are not a failure."""
        if self._reader is not None and self._reader.status is not None:
            self._settle()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.abort()
