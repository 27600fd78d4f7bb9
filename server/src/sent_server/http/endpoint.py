"""The ASGI side of a route: read the request, run the shared steps in their documented order, write the answer.

Order: route (404, 405) - key (401) - profile, account state, role (403) - limit (429) - ids, body (400) - handler.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send

from sent_server.db import StorageUnavailableError
from sent_server.errors import ApiError
from sent_server.http import echo, envelope, fields, idempotency, limits, parse
from sent_server.http.authentication import Authenticator
from sent_server.http.caller import Caller
from sent_server.http.envelope import Answer, Reply
from sent_server.http.execute import Executor
from sent_server.http.fields import RequestBody
from sent_server.http.limits import Limiter, LimitVerdict
from sent_server.http.route import Call, Route
from sent_server.kernel import ids
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object

log = structlog.get_logger()
# Answers hold secrets and people's data: no cache keeps them, and no browser takes them for something else than JSON.
PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
# Bodies from here on take milliseconds to decode and validate.
LARGE_BODY_BYTES = 16 * 1024
Headers = Mapping[bytes, bytes]


@value_object
class Shared:
    """What all endpoints of a server have in common."""

    clock: Clock
    authenticator: Authenticator
    limiter: Limiter
    executor: Executor
    doc_url_base: str
    large_bodies: asyncio.Lock = field(default_factory=asyncio.Lock)


class Trace:
    """One request as the answer's headers will tell it."""

    __slots__ = ("caller", "now_ms", "request_id", "sandbox", "scoped_profile", "started_ns", "verdict")

    def __init__(self, now_ms: int) -> None:
        self.request_id = ids.new_request_id()
        self.now_ms = now_ms
        self.started_ns = time.perf_counter_ns()
        self.verdict: LimitVerdict | None = None
        self.sandbox = False
        self.scoped_profile: str | None = None


class Endpoint:
    """All methods of one path."""

    def __init__(self, path: str, routes: Sequence[Route], shared: Shared) -> None:
        self.path = path
        self._routes = {route.method: route for route in routes}
        if "GET" in self._routes:
            self._routes["HEAD"] = self._routes["GET"]
        self._allow = ", ".join(sorted(self._routes))
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trace = Trace(self._shared.clock.now_ms())
        try:
            answer = await self._answer(scope, receive, trace)
        except ApiError as refusal:
            answer = _error(trace, refusal, self._shared)
        except StorageUnavailableError as error:
            log.error("storage.unavailable", error=str(error), path=self.path)
            refusal = ApiError("INTERNAL_005", f"Service temporarily unavailable: {error}")
            answer = _error(trace, refusal, self._shared)
        except ClientGoneError:
            return
        except Exception:
            log.exception("request.crashed", request_id=trace.request_id, path=self.path)
            message = f"An unexpected error occurred. Please contact support with request ID: {trace.request_id}"
            answer = _error(trace, ApiError("INTERNAL_001", message), self._shared)
        await write(send, answer, trace)

    async def _answer(self, scope: Scope, receive: Receive, trace: Trace) -> Answer:
        route = self._routes.get(scope["method"])
        if route is None:
            raise method_refusal(self._allow)
        shared = self._shared
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            _refuse_repeated(scope["headers"])
        caller = await shared.authenticator.authenticate(headers.get(b"x-api-key"), headers.get(b"x-profile-id"))
        await _admit(caller, route, shared, trace)
        key = headers.get(b"idempotency-key")
        call_key = idempotency.check_key(key) if key is not None and route.body is not None else None
        path = _path_values(route, scope)
        query = parse.parse_query(scope["query_string"]) if scope["query_string"] else {}
        body = None
        if route.body is not None:
            body = await read_body(route.body, headers, receive, shared)
            trace.sandbox = body.is_sandbox
        call = Call(caller, trace.request_id, trace.now_ms, path, query, trace.sandbox)
        return await shared.executor.run(route, call, body, call_key)


def _refuse_repeated(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Two readers may pick different ones of a header that comes twice; where it decides who acts, nobody picks."""
    for wanted in (b"x-api-key", b"x-profile-id", b"idempotency-key"):
        if len({value for name, value in headers if name == wanted}) > 1:
            raise parse.bad_request("This header has two different values", field=wanted.decode())


async def _admit(caller: Caller, route: Route, shared: Shared, trace: Trace) -> None:
    """Account state and role first (they do not count), then the limit (which counts what it lets in)."""
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


class ClientGoneError(Exception):
    """The client closed the connection before its body was complete; nothing was done."""


async def read_body(model: type[RequestBody], headers: Headers, receive: Receive, shared: Shared) -> Any:
    """The body as `model`. Raises 400, 413 or 415.

    Of large bodies one is decoded in each turn of the loop: a hundred that come together hold up nobody else.
    """
    content = await _receive_body(headers, receive)
    if len(content) < LARGE_BODY_BYTES:
        return fields.validate(model, _decode(headers, content))
    async with shared.large_bodies:
        try:
            return fields.validate(model, _decode(headers, content))
        finally:
            await asyncio.sleep(0)


async def _receive_body(headers: Headers, receive: Receive) -> bytes:
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > parse.MAX_BODY_BYTES:
        raise _too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > parse.MAX_BODY_BYTES:
                raise _too_large()
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return body


def _decode(headers: Headers, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    claims_other = parse.check_media_type(headers.get(b"content-type"), headers.get(b"content-encoding"))
    return parse.parse_object(body, claims_other=claims_other)


def _too_large() -> ApiError:
    return parse.bad_request(f"The body must be at most {parse.MAX_BODY_BYTES} bytes", status=413)


def _error(trace: Trace, refusal: ApiError, shared: Shared) -> Answer:
    return envelope.render_error(
        refusal, request_id=trace.request_id, now_ms=trace.now_ms, doc_url_base=shared.doc_url_base
    )


async def write(send: Send, answer: Answer, trace: Trace) -> None:
    verdict = trace.verdict or limits.untouched_verdict()
    took_ms = (time.perf_counter_ns() - trace.started_ns) // 1_000_000
    headers = [
        (b"x-request-id", trace.request_id.encode()),
        (b"x-response-time", b"%dms" % took_ms),
        (b"x-api-version", b"v3"),
        (b"x-ratelimit-limit", b"%d" % verdict.limit),
        (b"x-ratelimit-remaining", b"%d" % verdict.remaining),
        (b"x-ratelimit-reset", b"%d" % verdict.reset_at_s),
        *PRIVATE,
    ]
    if answer.status != 204:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if trace.sandbox and answer.status < 400:
        headers.append((b"x-sandbox", b"true"))
    if trace.scoped_profile:
        headers.append((b"x-profile-id", trace.scoped_profile.encode()))
    if answer.replay_of:
        headers.append((b"idempotent-replayed", b"true"))
        headers.append((b"x-original-request-id", answer.replay_of.encode()))
    for name, value in answer.headers.items():
        if name != "X-Sandbox":
            headers.append((name.lower().encode(), value.encode("latin-1")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class OpenEndpoint:
    """A path without authentication: health checks."""

    def __init__(self, reply: Any, shared: Shared) -> None:
        self._reply = reply
        self._shared = shared
        self._refuse = MethodNotAllowed("GET, HEAD", shared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await self._refuse(scope, receive, send)
            return
        trace = Trace(self._shared.clock.now_ms())
        try:
            reply: Reply = await self._reply()
            answer = envelope.render(reply, request_id=trace.request_id, now_ms=trace.now_ms)
        except ApiError as refusal:
            answer = _error(trace, refusal, self._shared)
        await write(send, answer, trace)


def method_refusal(allow: str) -> ApiError:
    details = {"method": [f"This path allows {allow}"]}
    return ApiError("VALIDATION_001", details=details, status=405, headers={"Allow": allow})


class MethodNotAllowed:
    """The answer of a path to a method that it does not have."""

    def __init__(self, allow: str, shared: Shared) -> None:
        self._allow = allow
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trace = Trace(self._shared.clock.now_ms())
        await write(send, _error(trace, method_refusal(self._allow), self._shared), trace)


class NotFound:
    """The answer to every unknown path."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        trace = Trace(self._shared.clock.now_ms())
        refusal = ApiError("RESOURCE_011", f"No such route: {scope['method']} {echo.path(scope['path'])}")
        await write(send, _error(trace, refusal, self._shared), trace)
