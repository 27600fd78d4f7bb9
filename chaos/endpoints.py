"""A thousand webhook endpoints in one thread: each path is one, and some of them never answer."""

import asyncio
import re
import threading
import time

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_MESSAGE = re.compile(rb'"message_id":\s*"([0-9a-f-]{36})"')
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Endpoints:
    """`url(n)` is where endpoint n listens; those in `hanging` take a request and say nothing.

    `arrived` holds (endpoint, message id) -> monotonic seconds of the first arrival.
    """

    def __init__(self) -> None:
        self.hanging: set[int] = set()
        self.arrived: dict[tuple[int, str], float] = {}
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.port = 0
        self.open()

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.port}/{number}"

    def open(self) -> None:
        """Listen, again on the same port after `close`."""
        listening = asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=2_000)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Connections are refused from here on; kept ones are cut."""
        server = self._server
        if server:
            self._loop.call_soon_threadsafe(server.close)
            self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length.group(1)) if length else 0)
                number = int(head.split(b" ", 2)[1].rpartition(b"/")[2])
                if number in self.hanging:
                    await reader.read(1)  # until the other side gives up
                    return
                found = _MESSAGE.search(body)
                if found:
                    self.arrived.setdefault((number, found.group(1).decode()), time.monotonic())
                writer.write(_OK)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()
