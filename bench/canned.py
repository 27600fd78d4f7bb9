"""A server that costs next to nothing: the same 202 for every request. Runs as a process of its own."""

import asyncio
import gc
import json
import os
import re
from typing import Any

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_MESSAGE = {"id": "0190a000-0000-7000-8000-000000000001", "to": "+14155551234", "channel": "sms", "status": "QUEUED"}
_BODY = json.dumps(
    {
        "success": True,
        "data": {
            "status": "QUEUED",
            "template_id": "0190a000-0000-7000-8000-000000000002",
            "template_name": "welcome",
            "recipients": [{"message_id": _MESSAGE["id"], "to": "+14155551234", "channel": "sms", "body": "Hello"}],
        },
        "error": None,
        "meta": {"request_id": "req_0123456789abcdef", "timestamp": "2026-01-01T00:00:00.000+00:00", "version": "v3"},
    },
    separators=(",", ":"),
).encode()
_ANSWER = (
    b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\nx-request-id: req_0123456789abcdef\r\n"
    b"x-api-version: v3\r\nx-ratelimit-limit: 300\r\nx-ratelimit-remaining: 299\r\nx-ratelimit-reset: 1800000000\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class Canned(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._buffer, 0, head_end)
            end = head_end + 4 + (int(found.group(1)) if found else 0)
            if len(self._buffer) < end:
                return
            self._buffer = self._buffer[end:]
            self._transport.write(_ANSWER)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0, backlog=1_024)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    gc.disable()
    uvloop.run(_serve())
