"""A transport that sends the head and the body of an answer together."""

import asyncio
from typing import Any


class GatheringTransport:
    """Holds a first write back until a second follows or the loop has turned; then both leave in one system call.

    uvicorn writes the head of an answer and its body one after the other, and each write is a packet: of a short
    request's whole cost, the second one was a tenth. Everything but writing and closing is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self._turn: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        if self._turn is None:
            self._held = data
            self._turn = self._loop.call_soon(self._flush)
            return
        self._turn.cancel()
        self._turn = None
        held, self._held = self._held, b""
        self._transport.write(held + data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
