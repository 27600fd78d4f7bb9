"""uvicorn's HTTP protocol plus what it lacks: a bound on the request head, and our envelope when it refuses."""

import asyncio
import time
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sent_server.cli.gathering import GatheringTransport
from sent_server.errors import ApiError
from sent_server.http import envelope
from sent_server.kernel import ids

MAX_HEAD_BYTES = 64 * 1024


class GuardedProtocol(HttpToolsProtocol):
    """Closes a connection whose head (target and headers) goes on beyond 64 KiB and one more read of the socket."""

    doc_url_base = ""
    _head_bytes = 0
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, GatheringTransport(transport, self.loop)))

    def data_received(self, data: bytes) -> None:
        starts_in_head = self._in_head
        super().data_received(data)
        if starts_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("The request head is larger than 64 KiB")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if self.transport.is_closing():
            return
        details = {"request": [msg]}
        answer = envelope.render_error(
            ApiError("VALIDATION_001", details=details),
            request_id=ids.new_request_id(),
            now_ms=time.time_ns() // 1_000_000,
            doc_url_base=self.doc_url_base,
        )
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-api-version: v3\r\n"
            f"content-length: {len(answer.body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + answer.body)
        self.transport.close()


def guarded(doc_url_base: str) -> type[Any]:
    """The protocol class for a server whose errors link to `doc_url_base`."""
    return type("Protocol", (GuardedProtocol,), {"doc_url_base": doc_url_base})
