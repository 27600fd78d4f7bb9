"""Reads the body of a request as the model of its route."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.types import Receive

from sent_server.errors import ApiError
from sent_server.http import fields, parse
from sent_server.http.dialect import Dialect
from sent_server.http.fields import RequestBody

# Bodies from this size on take milliseconds to decode and validate.
LARGE_BODY_BYTES = 16 * 1024
Headers = Mapping[bytes, bytes]


class ClientGoneError(Exception):
    """The client closed the connection before its body was complete. The request had no effect."""


async def read_body(
    model: type[RequestBody], headers: Headers, receive: Receive, large_bodies: asyncio.Lock, dialect: Dialect
) -> Any:
    """The body as `model`. Raises 400, 413 or 415.

    One large body is decoded in each turn of the loop, so that a hundred at once do not delay other requests.
    """
    content = await _receive_body(headers, receive)
    if len(content) < LARGE_BODY_BYTES:
        return fields.validate(model, dialect.parse_body(headers, content))
    async with large_bodies:
        try:
            return fields.validate(model, dialect.parse_body(headers, content))
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


def _too_large() -> ApiError:
    return parse.bad_request(f"The body must be at most {parse.MAX_BODY_BYTES} bytes", status=413)
