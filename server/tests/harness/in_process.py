"""The product's routes as an ASGI application in this process, over a real database, without workers and sockets."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message

from sent_server import demo_account
from sent_server.app import Platform
from sent_server.http import router
from sent_server.http.endpoint import Shared
from sent_server.http.execute import Executor
from sent_server.http.idempotency import Idempotency, InFlight
from sent_server.http.route import Route
from sent_server.settings import Settings

DOCS = "http://localhost/errors"
RoutesOf = Callable[[Sequence[Route]], Sequence[Route]]


@dataclass(frozen=True, slots=True)
class Seen:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class App:
    """An ASGI application, and the demo account of its database."""

    asgi: ASGIApp
    api_key: str
    customer_id: str
    database_url: str

    async def v3(self, method: str, path: str, body: Any = None, *, once: str | None = None, key: bool = True) -> Seen:
        headers = {"content-type": "application/json"}
        headers |= {"x-api-key": self.api_key} if key else {}
        headers |= {"idempotency-key": once} if once else {}
        return await self.ask(method, path, headers, b"" if body is None else json.dumps(body).encode())

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Seen:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
        await self.asgi({**scope, "headers": raw, "client": ("127.0.0.1", 5)}, receive, send)
        start, content = sent
        return Seen(
            start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, content["body"]
        )


def run(
    database_url: str, home: Path, act: Callable[[App], Awaitable[None]], *, more: RoutesOf = lambda served: ()
) -> None:
    """Run `act` with the product's routes and those that `more` makes of them."""

    async def run_all() -> None:
        platform = await Platform.open(Settings(home=str(home), database_url=database_url))
        try:
            now_ms = platform.parts.clock.now_ms()
            made = await platform.parts.database.write(
                lambda tx: demo_account.create_demo(tx, sealer=platform.parts.sealer, tier="unlimited", now_ms=now_ms)
            )
            executor = Executor(platform.parts.database, Idempotency(platform.parts.sealer, DOCS), InFlight())
            shared = Shared(
                platform.parts.clock, platform.parts.shared.authenticator, platform.parts.shared.limiter, executor, DOCS
            )
            asgi = router.build([*platform.routes, *more(platform.routes)], {}, shared, {})
            await act(App(asgi, made.api_key, made.customer_id, database_url))
        finally:
            await platform.close()

    asyncio.run(run_all())
