"""Endpoints that need no route: health checks, unknown paths, and methods that a path does not have."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.types import Receive, Scope, Send

from sent_server.errors import ApiError
from sent_server.http import dialect, echo
from sent_server.http.dialect import V3, Dialect
from sent_server.http.endpoint import Shared, method_refusal
from sent_server.http.reply import Outcome, Reply
from sent_server.http.respond import Trace, write


class OpenEndpoint:
    """A path without authentication: health checks."""

    def __init__(self, reply: Callable[[], Awaitable[Reply]], shared: Shared) -> None:
        self._reply = reply
        self._shared = shared
        self._refuse = MethodNotAllowed("GET, HEAD", shared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await self._refuse(scope, receive, send)
            return
        try:
            outcome: Outcome = await self._reply()
        except ApiError as refusal:
            outcome = refusal
        await _respond(send, outcome, scope, self._shared, V3)


class MethodNotAllowed:
    """The response of a path to an unsupported method."""

    def __init__(self, allow: str, shared: Shared) -> None:
        self._allow = allow
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _respond(send, method_refusal(self._allow), scope, self._shared, V3)


class NotFound:
    """The response to every unknown path, in the dialect of its prefix."""

    def __init__(self, shared: Shared, dialects: Sequence[Dialect] = ()) -> None:
        self._shared = shared
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = ApiError("RESOURCE_011", f"No such route: {scope['method']} {echo.path(scope['path'])}")
        await _respond(send, refusal, scope, self._shared, dialect.of_path(scope["path"], self._dialects))


async def _respond(send: Send, outcome: Outcome, scope: Scope, shared: Shared, dialect: Dialect) -> None:
    trace = Trace(scope, shared.clock.now_ms())
    await write(send, dialect.answer(outcome, trace, shared.doc_url_base), trace, dialect)
