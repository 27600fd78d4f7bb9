"""The strict parser of requests. It refuses everything that two JSON readers might understand differently.

Source: docs/decisions/0034. Raises ApiError VALIDATION_001 (400, 413 or 415).
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from sent_server.errors import ApiError
from sent_server.http import echo, shape

MAX_BODY_BYTES = 1024 * 1024
MAX_QUERY_PARAMETERS = 200
_JSON_TYPES = ("application/json", "text/json")
# Default types of fetch, curl and older clients. Accepted if the bytes are JSON.
_FORM_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
_ANY_TYPES = ("", "*/*", "application/*")
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1
# More digits than any double needs, and few enough to parse quickly.
_MAX_REAL_DIGITS = 400
_TOO_LARGE = "A number is outside the 64-bit range; send it as a string"
_MARKS = {
    b"\xef\xbb\xbf": "a byte order mark (BOM)",
    b"\xff\xfe": "a UTF-16 byte order mark (BOM)",
    b"\xfe\xff": "a UTF-16 byte order mark (BOM)",
}
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _RefusedError(ValueError):
    pass


class NotJsonError(Exception):
    """The bytes are not JSON."""


def bad_request(message: str, *, field: str = "body", status: int = 400) -> ApiError:
    return ApiError("VALIDATION_001", details={field: [message]}, status=status)


def check_media_type(content_type: bytes | None, content_encoding: bytes | None) -> bool:
    """Whether the body declares a default type other than JSON. Raises 415 for all other types."""
    if content_encoding and content_encoding.strip().lower() not in (b"", b"identity"):
        raise bad_request("Content-Encoding is not supported; send the body uncompressed", status=415)
    if not content_type or content_type == b"application/json":
        return False
    media_type, _, parameters = content_type.decode("latin-1").lower().partition(";")
    media_type = media_type.strip()
    if media_type not in (*_JSON_TYPES, *_FORM_TYPES, *_ANY_TYPES) and not media_type.endswith("+json"):
        raise bad_request(f"Content-Type must be application/json, not {echo.name(media_type)}", status=415)
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters)
    if charset and charset.group(1) not in ("utf-8", "utf8", "us-ascii"):
        raise bad_request("The body must be UTF-8", status=415)
    return media_type in _FORM_TYPES


def parse_object(body: bytes, *, claims_other: bool = False) -> dict[str, Any]:
    """Parse a JSON object. An empty body is an empty object, and so is an empty list, which PHP writes.

    With `claims_other`, a body that is not JSON gives 415 instead of 400.
    """
    try:
        value: Any = parse_json(body) if body.strip() else {}
    except NotJsonError as error:
        if claims_other:
            raise bad_request("The body is not JSON; send JSON as application/json", status=415) from None
        raise bad_request(str(error)) from None
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object")
    return cast(dict[str, Any], value)


def parse_json(body: bytes) -> Any:
    """Raises NotJsonError for invalid JSON, ApiError for JSON that readers might understand differently."""
    if body[:1] in (b"\xef", b"\xff", b"\xfe"):
        _refuse_mark(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJsonError("The body is not valid UTF-8") from None
    if too_much := shape.excess(body, text):
        raise bad_request(too_much)
    try:
        value = _decode(text)
    except _RefusedError as error:
        raise bad_request(str(error)) from None
    except (ValueError, RecursionError):
        raise NotJsonError("The body is not valid JSON") from None
    if "\\u" in text or "\x00" in text:
        _check_strings(value)
    return value


def _refuse_mark(body: bytes) -> None:
    for mark, what in _MARKS.items():
        if body.startswith(mark):
            raise bad_request(f"The body begins with {what}; send UTF-8 without it")


def parse_body(headers: Mapping[bytes, bytes], body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    claims_other = check_media_type(headers.get(b"content-type"), headers.get(b"content-encoding"))
    return parse_object(body, claims_other=claims_other)


def parse_query(query_string: bytes) -> dict[str, str]:
    """Names to values. The last one takes precedence. Raises VALIDATION_001 for invalid UTF-8."""
    if query_string.count(b"&") >= MAX_QUERY_PARAMETERS:
        raise bad_request(f"The query string has more than {MAX_QUERY_PARAMETERS} parameters", field="query")
    found: dict[str, str] = {}
    for pair in query_string.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            found[_unquote(name)] = _unquote(value)
    return found


def _unquote(raw: bytes) -> str:
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("The query string is not valid UTF-8", field="query") from None
    if "\x00" in text:
        raise bad_request("The query string holds a NUL character", field="query")
    return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError(f"The key {echo.name(_first_repeated(pairs))} appears twice in one object")
    return found


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            break
        seen.add(name)
    return name  # pyright: ignore[reportPossiblyUnboundVariable]


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise _RefusedError(_TOO_LARGE)
    value = int(digits)
    if not _MIN_INT <= value <= _MAX_INT:
        raise _RefusedError(_TOO_LARGE)
    return value


class Real(float):
    """A number that keeps its spelling: an amount of 19.90 must not become 19.9 in a text."""

    __slots__ = ("text",)
    text: str


def _real(digits: str) -> float:
    if len(digits) > _MAX_REAL_DIGITS:
        raise _RefusedError(f"A number has more than {_MAX_REAL_DIGITS} digits")
    value = Real(digits)
    if not math.isfinite(value):
        raise _RefusedError(_TOO_LARGE)
    value.text = digits
    return value


def _constant(name: str) -> float:
    raise _RefusedError(f"{name} is not a JSON number")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
).decode


def _check_strings(value: Any) -> None:
    match value:
        case str():
            if "\x00" in value:
                raise bad_request("A string holds a NUL character")
            if _SURROGATE.search(value):
                raise bad_request("A string holds half of a surrogate pair")
        case dict():
            for name, item in value.items():  # pyright: ignore[reportUnknownVariableType]
                _check_strings(name)
                _check_strings(item)
        case list():
            for item in value:  # pyright: ignore[reportUnknownVariableType]
                _check_strings(item)
        case _:
            pass
