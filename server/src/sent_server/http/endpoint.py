"""The ASGI side of a route: read the request, run the shared steps in their documented order, write the response.

Order: route (404, 405) - key (401) - profile, account state, role (403) - limit (429) - ids, body (400) - handler.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import field

import structlog
from starlette.types import Receive, Scope, Send

from sent_server.db import StorageUnavailableError
from sent_server.errors import ApiError
from sent_server.http import idempotency, parse
from sent_server.http.authentication import Authenticator
from sent_server.http.body import ClientGoneError, read_body
from sent_server.http.caller import Caller
from sent_server.http.dialect import V3, Dialect, HeaderNames
from sent_server.http.execute import Executor
from sent_server.http.limits import Limiter
from sent_server.http.reply import Answer, Outcome
from sent_server.http.respond import Trace, write
from sent_server.http.route import Call, Route
from sent_server.kernel import ids
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object

log = structlog.get_logger()


@value_object
class Shared:
    """Dependencies of all endpoints of a server."""

    clock: Clock
    authenticator: Authenticator
    limiter: Limiter
    executor: Executor
    doc_url_base: str
    large_bodies: asyncio.Lock = field(default_factory=asyncio.Lock)


class Endpoint:
    """All methods of one path, in the dialect of its routes."""

    def __init__(self, path: str, routes: Sequence[Route], shared: Shared, dialect: Dialect = V3) -> None:
        self.path = path
        self._dialect = dialect
        self._routes = {route.method: route for route in routes}
        if "GET" in self._routes:
            self._routes["HEAD"] = self._routes["GET"]
        self._allow = ", ".join(sorted(self._routes))
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trace = Trace(scope, self._shared.clock.now_ms())
        try:
            answer = self._render(await self._run(scope, receive, trace), trace)
        except ApiError as refusal:
            answer = self._render(refusal, trace)
        except StorageUnavailableError as error:
            log.error("storage.unavailable", error=str(error), path=self.path)
            answer = self._render(ApiError("INTERNAL_005", f"Service temporarily unavailable: {error}"), trace)
        except ClientGoneError:
            return
        except Exception:
            log.exception("request.crashed", request_id=trace.request_id, path=self.path)
            message = f"An unexpected error occurred. Please contact support with request ID: {trace.request_id}"
            answer = self._render(ApiError("INTERNAL_001", message), trace)
        await write(send, answer, trace, self._dialect)

    def _render(self, outcome: Outcome, trace: Trace) -> Answer:
        return self._dialect.answer(outcome, trace, self._shared.doc_url_base)

    async def _run(self, scope: Scope, receive: Receive, trace: Trace) -> Outcome:
        route = self._routes.get(scope["method"])
        if route is None:
            raise method_refusal(self._allow)
        shared, dialect = self._shared, self._dialect
        names, model = dialect.headers, route.body
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            _refuse_repeated(scope["headers"], names)
        profile_id = headers.get(names.profile_id) if route.scopes else None
        caller = await shared.authenticator.authenticate(headers.get(names.api_key), profile_id)
        await _admit(caller, route, shared, trace)
        key = headers.get(names.idempotency_key)
        call_key = idempotency.check_key(key) if key is not None and model is not None else None
        path = _path_values(route, scope)
        query = dialect.parse_query(scope["query_string"]) if scope["query_string"] else {}
        body = None
        if model is not None:
            body = await read_body(model, headers, receive, shared.large_bodies, dialect)
            trace.sandbox = body.is_sandbox
        call = Call(caller, trace.request_id, trace.now_ms, path, query, trace.sandbox)
        return await shared.executor.run(route, call, body, call_key)


def _refuse_repeated(headers: Sequence[tuple[bytes, bytes]], names: HeaderNames) -> None:
    """Two readers may use different values of a repeated header, so headers that identify the caller must match."""
    for wanted in (names.api_key, names.profile_id, names.idempotency_key):
        if len({value for name, value in headers if name == wanted}) > 1:
            raise parse.bad_request("Duplicate header with conflicting values", field=wanted.decode())


async def _admit(caller: Caller, route: Route, shared: Shared, trace: Trace) -> None:
    """Check account state and role first (refusals do not count), then the limit (which counts accepted requests)."""
    trace.scoped_profile = caller.customer_id if caller.scoped else None
    refused = caller.gate or (None if caller.role in route.access.value else "AUTH_004")
    if refused:
        trace.verdict = await shared.limiter.peek(caller, route.limit)
        raise ApiError(refused, route.denied if refused == "AUTH_004" else None)
    verdict = trace.verdict = await shared.limiter.hit(caller, route.limit)
    if not verdict.allowed:
        raise ApiError("BUSINESS_002", headers={"Retry-After": str(verdict.retry_after_s)})


def _path_values(route: Route, scope: Scope) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, raw in scope.get("path_params", {}).items():
        if name in route.plain_params:
            values[name] = raw
            continue
        parsed = ids.parse_uuid(raw)
        if parsed is None:
            code, message = route.bad_id
            raise ApiError(code, message, details={name: [message]})
        values[name] = parsed
    return values


def method_refusal(allow: str) -> ApiError:
    details = {"method": [f"This path allows {allow}"]}
    return ApiError("VALIDATION_001", details=details, status=405, headers={"Allow": allow})
