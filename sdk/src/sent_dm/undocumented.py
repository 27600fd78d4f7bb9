"""Requests that the SDK has no method for yet, with the retries, errors and headers of all others.

    client.get("/v3/new-thing", params={"page": 2})
    client.post("/v3/new-thing", body={"name": "x"}, cast_to=httpx.Response)

`path` starts with a slash. `cast_to` says what to make of the answer: `object` its JSON, a model, httpx.Response, str,
bytes, or None for nothing.
"""

from collections.abc import Mapping
from typing import Any, Unpack, cast

from sent_dm.core.prepare import Operation
from sent_dm.core.request import Query, WriteOptions
from sent_dm.core.settings import mapping
from sent_dm.core.shapes import Shape
from sent_dm.resource import AsyncCalls, SyncCalls

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
ANY_OBJECT = Shape({})


class RequestOptions(WriteOptions, total=False):
    """`options` takes the same by their older names: headers, params, timeout, max_retries, idempotency_key."""

    cast_to: Any
    params: Query | None
    body: Mapping[str, object] | None
    options: Mapping[str, Any] | None


class RawRequests:
    def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Any:
        operation, arguments = _read(method, path, cast("dict[str, Any]", options))
        return SyncCalls(cast("Any", self)).run(operation, **arguments)

    def get(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return self.request("DELETE", path, **options)


class AsyncRawRequests:
    async def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Any:
        operation, arguments = _read(method, path, cast("dict[str, Any]", options))
        return await AsyncCalls(cast("Any", self)).run(operation, **arguments)

    async def get(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Unpack[RequestOptions]) -> Any:
        return await self.request("DELETE", path, **options)


def _read(method: str, path: str, options: dict[str, Any]) -> tuple[Operation, dict[str, Any]]:
    """Raises TypeError and ValueError, naming the argument."""
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(sorted(METHODS))}")
    if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"`path` must be a string, not {type(path).__name__}")
    if not path.startswith("/") or path.startswith("//") or not path.isprintable() or not path.isascii():
        # An address elsewhere would be sent the key.
        raise ValueError(
            "`path` must start with one slash, be ASCII and have no spaces or control characters around it"
        )
    given = _older_names(options)
    body, query = given.pop("body", None), given.pop("params", None)
    cast_to = given.pop("cast_to", None if method in ("DELETE", "HEAD") else object)
    mapping(query, "params")
    if body is not None:
        mapping(body, "body")
    operation = Operation(method, path, cast_to, body=None if body is None else ANY_OBJECT, is_template=False)
    return operation, {"query": query, "body": body, "options": given}


def _older_names(options: dict[str, Any]) -> dict[str, Any]:
    older = dict(mapping(options.pop("options", None), "options"))
    if "headers" in older:
        older["extra_headers"] = older.pop("headers")
    if "extra_json" in older:
        older["extra_body"] = older.pop("extra_json")
    return {**older, **options}
