"""From the arguments of a method to a request. Everything that can be wrong with them is found here."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast
from urllib.parse import quote, urlencode
from uuid import UUID

from sent_dm.core.not_given import NOT_GIVEN, NotGiven
from sent_dm.core.request import Options, Request, WriteOptions
from sent_dm.core.settings import Settings, as_max_retries, as_timeout, mapping, merge_headers, printable
from sent_dm.core.shapes import Shape

OPTIONS = frozenset(WriteOptions.__annotations__)
MUTATIONS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,255}", re.ASCII)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class Operation:
    """One call of the contract. `answer` is what `cast_to` says in `decode.body_of`."""

    __slots__ = ("answer", "body", "method", "names", "pieces", "query", "route")

    def __init__(
        self,
        method: str,
        route: str,
        answer: Any,
        *,
        query: Shape | None = None,
        body: Shape | None = None,
        is_template: bool = True,
    ) -> None:
        parts = re.split(r"\{(\w+)\}", route) if is_template else [route]
        self.method = method
        self.route = route
        self.answer = answer
        self.query = query
        self.body = body
        self.pieces = parts[::2]
        self.names = parts[1::2]

    def answering(self, answer: Any) -> "Operation":
        """The same call with another class of answer."""
        return Operation(self.method, self.route, answer, query=self.query, body=self.body)


def request(
    settings: Settings,
    operation: Operation,
    path: Sequence[object],
    query: Mapping[str, Any] | None,
    body: Mapping[str, Any] | None,
    options: Options,
    *,
    stream: bool = False,
) -> Request:
    """Raises TypeError and ValueError, naming the argument."""
    if options and not options.keys() <= OPTIONS:
        unknown = ", ".join(f"`{name}`" for name in sorted(options.keys() - OPTIONS))
        raise TypeError(f"Unexpected argument {unknown}")
    url = _url(settings, operation, path, query, mapping(options.get("extra_query"), "extra_query"))
    content = _content(operation, body, mapping(options.get("extra_body"), "extra_body"))
    headers = _headers(settings, options, has_body=content is not None)
    if operation.method in MUTATIONS and "idempotency-key" not in headers:
        # Repeated on every retry of this call, so that a lost answer never acts twice.
        headers["idempotency-key"] = settings.new_key(operation.method, url, content)
    timeout = options.get("timeout", NOT_GIVEN)
    return Request(
        operation.method,
        url,
        route=operation.route,
        headers=headers,
        content=content,
        timeout=settings.timeout if isinstance(timeout, NotGiven) else as_timeout(timeout),
        stream=stream,
    )


def max_retries(settings: Settings, options: Options) -> int:
    given = options.get("max_retries")
    return settings.max_retries if given is None else as_max_retries(given)


def _url(
    settings: Settings,
    operation: Operation,
    path: Sequence[object],
    query: Mapping[str, Any] | None,
    more: Mapping[str, Any],
) -> str:
    url = settings.base_url + (operation.route if not path else _path(operation, path))
    if not (query or more or settings.query):
        return url
    encoded = query_string({**settings.query, **_encoded(operation.query, query), **more})
    return f"{url}?{encoded}" if encoded else url


def _content(operation: Operation, body: Mapping[str, Any] | None, more: Mapping[str, Any]) -> bytes | None:
    if operation.body is None:
        return json_bytes(more) if more else None
    fields = operation.body.encode(body or {})
    fields.update(more)
    # A DELETE without arguments goes out without a body.
    return None if operation.method == "DELETE" and not fields else json_bytes(fields)


def _headers(settings: Settings, options: Options, *, has_body: bool) -> dict[str, str]:
    made = dict(settings.headers)
    if has_body:
        made["content-type"] = "application/json"
    if options:
        profile_id, key = options.get("x_profile_id"), options.get("idempotency_key")
        if profile_id is not None:
            made["x-profile-id"] = printable(_id(profile_id), "x_profile_id")
        if key is not None:
            made["idempotency-key"] = _checked_key(key)
        merge_headers(made, options.get("extra_headers"), "extra_headers")
    return made


def json_bytes(value: object) -> bytes:
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        raise ValueError("The body has text with half a surrogate pair, which UTF-8 cannot carry") from None


def query_string(values: Mapping[str, Any]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        many = cast("list[Any]", value) if isinstance(value, list | tuple) else [value]
        pairs += [
            (name, _query_text(item, name)) for item in many if item is not None and not isinstance(item, NotGiven)
        ]
    return urlencode(pairs, quote_via=quote)


def _query_text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float | Decimal | UUID):
        return str(value)
    raise TypeError(f"`{name}` must be a string, a number or a boolean, not {type(value).__name__}")


def _encoded(shape: Shape | None, query: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not query:
        return {}
    return query if shape is None else shape.encode(query)


def _path(operation: Operation, values: Sequence[object]) -> str:
    path = operation.pieces[0]
    for name, value, rest in zip(operation.names, values, operation.pieces[1:], strict=True):
        path += _segment(name, value) + rest
    return path


def _segment(name: str, value: object) -> str:
    given = _id(value)
    if not isinstance(given, str):
        raise TypeError(f"`{name}` must be a string, not {type(value).__name__}")
    if not given.strip():
        raise ValueError(f"`{name}` must not be empty")
    if given in (".", ".."):
        raise ValueError(f"`{name}` must not be {given!r}")
    try:
        return quote(given, safe="+")
    except UnicodeEncodeError:
        raise ValueError(f"`{name}` has half a surrogate pair, which UTF-8 cannot carry") from None


def _id(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


def _checked_key(value: object) -> str:
    given = _id(value)
    if not isinstance(given, str):
        raise TypeError(f"`idempotency_key` must be a string, not {type(value).__name__}")
    if not _KEY.fullmatch(given):
        raise ValueError("`idempotency_key` must be 1 to 255 letters, digits, '-' or '_'")
    return given
