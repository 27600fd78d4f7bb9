"""Mutations that anybody may try without a key: what they need to know stands in the body."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Scope

from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.doorkeeper import Doorkeeper
from sent_server.http.endpoint import Endpoint, Shared, Trace, method_refusal, read_body
from sent_server.http.envelope import Answer, Reply
from sent_server.http.fields import RequestBody
from sent_server.kernel.values import value_object

# (tx, now_ms, body) -> Reply
OpenCommand = Callable[[Tx, int, Any], Awaitable[Reply]]


@value_object
class OpenRoute:
    """A POST. `limited_by` names what of the body is limited for all callers together; None when it is nonsense.

    What is limited are failures: refusals of the class `failure`.
    """

    path: str
    body: type[RequestBody]
    command: OpenCommand
    limited_by: Callable[[Any], str | None]
    failure: type[ApiError]


class OpenMutation(Endpoint):
    """The ASGI side of an OpenRoute. Order: method (405) - limit (429) - body (400) - limit of the thing - handler."""

    def __init__(self, route: OpenRoute, shared: Shared, doorkeeper: Doorkeeper) -> None:
        super().__init__(route.path, [], shared)
        self._route = route
        self._doorkeeper = doorkeeper

    async def _answer(self, scope: Scope, receive: Receive, trace: Trace) -> Answer:
        if scope["method"] != "POST":
            raise method_refusal("POST")
        trace.verdict = self._doorkeeper.admit(client_address(scope))
        body = await read_body(self._route.body, dict(scope["headers"]), receive, self._shared)
        trace.sandbox = body.is_sandbox
        command, now_ms = self._route.command, trace.now_ms
        with self._doorkeeper.guarding(self._route.limited_by(body), self._route.failure):
            return await self._shared.executor.run_open(
                lambda tx: command(tx, now_ms, body), sandbox=trace.sandbox, request_id=trace.request_id, now_ms=now_ms
            )


def client_address(scope: Scope) -> str:
    """Of the connection: behind a proxy that is the proxy's, and its clients share one limit."""
    client = scope.get("client")
    return client[0] if client else ""
