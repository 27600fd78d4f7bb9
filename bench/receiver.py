"""A cheap webhook receiver: it answers 200 and records when each message arrived.

Runs as a process of its own. `GET /seen` answers what it has noted, `GET /last` the last event as it came (headers and
body), `POST /forget` starts again. Any other request is an event. Its signature is not checked: that is the receiver's
cost, not the platform's.
"""

import asyncio
import gc
import json
import os
import re
import time
from typing import Any

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_MESSAGE = re.compile(rb'"message_id":\s*"([0-9a-f-]{36})"')
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
# message id -> wall time of its first arrival in ms
seen: dict[bytes, int] = {}
arrivals = 0
last = b""


class Receiver(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head_end = self._buffer.find(b"\r\n\r\n")
            if head_end < 0:
                return
            found = _LENGTH.search(self._buffer, 0, head_end)
            end = head_end + 4 + (int(found.group(1)) if found else 0)
            if len(self._buffer) < end:
                return
            request, self._buffer = self._buffer[:end], self._buffer[end:]
            self._transport.write(_answer(request))


def _answer(request: bytes) -> bytes:
    global arrivals, last
    if request.startswith(b"GET /last"):
        head, _, body = last.partition(b"\r\n\r\n")
        headers = [line.decode("latin-1").split(": ", 1) for line in head.split(b"\r\n")[1:]]
        content = json.dumps({"headers": dict(headers), "body": body.decode()}).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content)
    if request.startswith(b"GET /seen"):
        content = json.dumps({"arrivals": arrivals, "messages": {k.decode(): v for k, v in seen.items()}}).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content)
    if request.startswith(b"GET /count"):
        content = b"%d" % len(seen)
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content)
    if request.startswith(b"POST /forget"):
        seen.clear()
        arrivals = 0
        return _OK
    found = _MESSAGE.search(request)
    if found:
        last = request
        arrivals += 1
        seen.setdefault(found.group(1), time.time_ns() // 1_000_000)
    return _OK


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=1_024)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    gc.disable()
    uvloop.run(_serve())
