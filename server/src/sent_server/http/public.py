"""Mutations without an API key. A secret in the body authorizes the request."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Scope

from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.anonymous_limits import AnonymousRateLimiter
from sent_server.http.body import read_body
from sent_server.http.dialect import V3
from sent_server.http.endpoint import Endpoint, Shared, method_refusal
from sent_server.http.fields import RequestBody
from sent_server.http.reply import Reply
from sent_server.http.respond import Trace
from sent_server.kernel.values import value_object

# (tx, now_ms, body) -> Reply
PublicCommand = Callable[[Tx, int, Any], Awaitable[Reply]]


@value_object
class PublicRoute:
    """A POST.

    `limited_by` selects a key from the body. Errors of the class `failure` are limited per key, over all callers.
    """

    path: str
    body: type[RequestBody]
    command: PublicCommand
    limited_by: Callable[[Any], str | None]
    failure: type[ApiError]


class PublicEndpoint(Endpoint):
    """The ASGI side of a PublicRoute. Order: method (405) - limit (429) - body (400) - limit of the key - handler."""

    def __init__(self, route: PublicRoute, shared: Shared, limiter: AnonymousRateLimiter) -> None:
        super().__init__(route.path, [], shared)
        self._route = route
        self._limiter = limiter

    async def _run(self, scope: Scope, receive: Receive, trace: Trace) -> Reply:
        if scope["method"] != "POST":
            raise method_refusal("POST")
        trace.verdict = self._limiter.hit_ip(client_address(scope))
        body = await read_body(self._route.body, dict(scope["headers"]), receive, self._shared.large_bodies, V3)
        trace.sandbox = body.is_sandbox
        command, now_ms = self._route.command, trace.now_ms
        with self._limiter.limit_failures(self._route.limited_by(body), self._route.failure):
            return await self._shared.executor.run_public(lambda tx: command(tx, now_ms, body), sandbox=trace.sandbox)


def client_address(scope: Scope) -> str:
    """The address of the connection. Behind a proxy it is the proxy's, so all its clients share one limit."""
    client = scope.get("client")
    return client[0] if client else ""
