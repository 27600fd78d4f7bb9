"""Runs the operations of the API for a person, in this process: the same rights, validation, gates and limits.

So a person can do on a page exactly what a key of the same role can do. What a page changes is in the audit log.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

from sent_server.dashboard import audit
from sent_server.errors import ApiError
from sent_server.http import fields
from sent_server.http.caller import Caller
from sent_server.http.endpoint import Shared
from sent_server.http.reply import Reply, StoredAnswer
from sent_server.http.route import Call, Route
from sent_server.kernel import ids
from sent_server.kernel.values import value_object

_PARAMETER = re.compile(r"\{(\w+)\}")


@value_object
class Actor:
    """Who acts, for the audit log: the person's address and the address of the connection."""

    email: str
    address: str


class Operations:
    """The operations by method and path."""

    def __init__(self, routes: Sequence[Route], shared: Shared) -> None:
        self._shared = shared
        self._routes = [(route.method, _pattern(route.path), route) for route in routes]

    async def read(self, caller: Caller, path: str, query: Mapping[str, str], *, now_ms: int) -> Any:
        """The `data` of a GET. Raises ApiError. Watching a page does not use up the account's rate limit."""
        route, values = self._find("GET", path)
        _check_rights(caller, route)
        call = Call(caller, ids.new_request_id(), now_ms, values, query)
        return _data(await self._shared.executor.run(route, call, None, None))

    async def change(
        self, caller: Caller, actor: Actor, method: str, path: str, body: Mapping[str, Any], *, now_ms: int
    ) -> Any:
        """The `data` of a mutation, which counts against the account's rate limit. Raises ApiError."""
        route, values = self._find(method, path)
        _check_rights(caller, route)
        verdict = await self._shared.limiter.hit(caller, route.limit)
        if not verdict.allowed:
            raise ApiError("BUSINESS_002", headers={"Retry-After": str(verdict.retry_after_s)})
        model = route.body
        assert model is not None, f"{route.name} takes no body"
        validated = fields.validate(model, dict(body))
        call = Call(caller, ids.new_request_id(), now_ms, values, {}, validated.is_sandbox)
        data = _data(await self._shared.executor.run(route, call, validated, None))
        if not validated.is_sandbox:
            await self.note(caller, actor, route.name, _subject(values, data), now_ms=now_ms)
        return data

    async def note(
        self, caller: Caller, actor: Actor, action: str, subject: str | None, *, detail: str | None = None, now_ms: int
    ) -> None:
        """Add an entry to the audit log of the account."""
        entry_id = ids.new_id(now_ms)
        row = audit.AuditRow(caller.customer_id, entry_id, actor.email, action, subject, detail, actor.address, now_ms)
        await self._shared.executor.database.write(lambda tx: audit.write(tx, row))

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Raises ApiError for an id that is not one."""
        for known, pattern, route in self._routes:
            if known == method and (match := pattern.fullmatch(path)):
                return route, {name: _value(route, name, text) for name, text in match.groupdict().items()}
        raise LookupError(f"no operation {method} {path}")


def _subject(values: Mapping[str, str], data: Any) -> str | None:
    """The id in the path, or that of what was created."""
    created: Any = cast("dict[str, Any]", data).get("id") if isinstance(data, dict) else None
    return next(iter(values.values()), None) or (created if isinstance(created, str) else None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path))


def _value(route: Route, name: str, text: str) -> str:
    if name in route.plain_params:
        return text
    parsed = ids.parse_uuid(text)
    if parsed is None:
        code, message = route.bad_id
        raise ApiError(code, message)
    return parsed


def _check_rights(caller: Caller, route: Route) -> None:
    refused = caller.gate or (None if caller.role in route.access.value else "AUTH_004")
    if refused:
        raise ApiError(refused, route.denied if refused == "AUTH_004" else None)


def _data(outcome: Reply | ApiError | StoredAnswer) -> Any:
    """JSON values, as a client reads them. Raises the refusal."""
    if isinstance(outcome, ApiError):
        raise outcome
    assert isinstance(outcome, Reply), "only requests with an Idempotency-Key are stored"
    return orjson.loads(orjson.dumps(outcome.data))
