"""The strict edge parser. Whatever two JSON readers might understand differently is refused here.

Source: RELIABILITY, "Strict edge parser". Raises ApiError VALIDATION_001 (400, 413 or 415).
"""

import json
import math
import re
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from sent_server.errors import ApiError

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
_JSON_TYPES = ("application/json", "text/json")
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _RefusedError(ValueError):
    pass


def bad_request(message: str, *, field: str = "body", status: int = 400) -> ApiError:
    return ApiError("VALIDATION_001", details={field: [message]}, status=status)


def check_media_type(content_type: bytes | None, content_encoding: bytes | None) -> None:
    """JSON, nothing, or a form type that clients declare by accident; everything else is 415."""
    if content_encoding and content_encoding.strip().lower() not in (b"", b"identity"):
        raise bad_request("Content-Encoding is not supported; send the body uncompressed", status=415)
    if not content_type:
        return
    media_type, _, parameters = content_type.decode("latin-1").lower().partition(";")
    media_type = media_type.strip()
    if media_type not in (*_JSON_TYPES, *_FORM_TYPES) and not media_type.endswith("+json"):
        raise bad_request(f"Content-Type must be application/json, not {media_type[:80]!r}", status=415)
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", parameters)
    if charset and charset.group(1) not in ("utf-8", "utf8", "us-ascii"):
        raise bad_request("The body must be UTF-8", status=415)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty object."""
    value: Any = parse_json(body) if body.strip() else {}
    if not isinstance(value, dict):
        raise bad_request("The body must be a JSON object")
    return cast(dict[str, Any], value)


def parse_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("The body is not valid UTF-8") from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise bad_request(f"The body is nested deeper than {MAX_DEPTH} levels")
    try:
        value = _decode(text)
    except _RefusedError as error:
        raise bad_request(str(error)) from None
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON") from None
    if "\\u" in text or "\x00" in text:
        _check_strings(value)
    return value


def parse_query(query_string: bytes) -> dict[str, str]:
    """Names to values; the last one wins. Raises VALIDATION_001 for what is not clean UTF-8 text."""
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
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f"The key {twice[:80]!r} appears twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise _RefusedError("A number is outside the 64-bit range")
    value = int(digits)
    if not _MIN_INT <= value <= _MAX_INT:
        raise _RefusedError("A number is outside the 64-bit range")
    return value


def _real(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _RefusedError("A number is outside the 64-bit range")
    return value


def _constant(name: str) -> float:
    raise _RefusedError(f"{name} is not a JSON number")


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
).decode


def _depth(text: str) -> int:
    deepest = depth = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


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
