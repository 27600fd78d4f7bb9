"""What the framework alone costs: a Starlette route on uvicorn that reads the same body and answers the same bytes.

No key, no limit, no idempotency, no storage. The body becomes the product's own Pydantic model; the answer is
rendered once per number of recipients and has the product's headers.
"""

import json
import os
import socket

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from sent_server.http import envelope
from sent_server.http.reply import Reply
from sent_server.kernel import ids
from sent_server.messages import wire

NOW_MS = 1_800_000_000_000
HEADERS = {
    "x-request-id": "req_0123456789abcdef",
    "x-response-time": "0ms",
    "x-api-version": "v3",
    "x-ratelimit-limit": "1000000",
    "x-ratelimit-remaining": "999999",
    "x-ratelimit-reset": "1800000000",
}
_answers: dict[int, bytes] = {}


def _answer(recipients: int) -> bytes:
    found = _answers.get(recipients)
    if found is None:
        rows = [(ids.new_id(NOW_MS), "+14152000000", None, None, None) for _ in range(recipients)]
        data = wire.accepted(ids.new_id(NOW_MS), "order_update", rows)
        found = envelope.dump(Reply(202, data), request_id="req_0123456789abcdef", now_ms=NOW_MS)
        _answers[recipients] = found
    return found


class Messages:
    """An ASGI endpoint, as the product's are: the cheapest form that the framework offers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = wire.SendMessage.model_validate(orjson.loads(await _content(receive)))
        await _respond(send, 202, _answer(len(body.recipients)))


class Stored:
    """Answers every GET with what was PUT here last."""

    def __init__(self) -> None:
        self._content = b"{}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "PUT":
            self._content = await _content(receive)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            return
        await _respond(send, 200, self._content)


async def _content(receive: Receive) -> bytes:
    message = await receive()
    content: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        content += message.get("body", b"")
    return content


async def _respond(send: Send, status: int, content: bytes) -> None:
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def plain(request: Request) -> Response:
    """The same as Starlette's documentation writes it."""
    body = wire.SendMessage.model_validate(await request.json())
    return Response(_answer(len(body.recipients)), 202, HEADERS, "application/json")


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    port = listener.getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    routes = [
        Route("/v3/messages", endpoint=Messages()),
        Route("/stored/{path:path}", endpoint=Stored()),
        Route("/v3/messages/plain", endpoint=plain, methods=["POST"]),
    ]
    router = Router(routes)
    config = uvicorn.Config(
        router,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
