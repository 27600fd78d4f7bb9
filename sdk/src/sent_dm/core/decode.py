"""A reply becomes a model, or an error."""

import json
from typing import Any

import httpx

from sent_dm import exceptions
from sent_dm.core.reply import Reply
from sent_dm.models import MisshapenError, Model, wrap


def body_of(reply: Reply, cast_to: Any) -> Any:
    """What `cast_to` names. Raises APIResponseValidationError."""
    if cast_to is httpx.Response:
        return reply.response
    if cast_to is None or reply.status in (204, 205):
        return None
    if cast_to is str:
        return reply.content.decode(errors="replace")
    if cast_to is bytes:
        return reply.content
    raw = _json(reply)
    if not (isinstance(cast_to, type) and issubclass(cast_to, Model)):
        return raw
    try:
        cast_to._check(raw, "answer")  # pyright: ignore[reportPrivateUsage]
    except MisshapenError as fault:
        raise _invalid(reply, f"The answer has another form than {cast_to.__name__}: {fault}", raw) from None
    return wrap(cast_to, raw)


def _json(reply: Reply) -> Any:
    try:
        return json.loads(reply.content)
    except (ValueError, RecursionError) as fault:
        kind = reply.headers.get("content-type") or "no content type"
        told = f"The answer is not JSON ({kind}, {len(reply.content)} bytes): {fault}"
        raise _invalid(reply, told, reply.content.decode(errors="replace")) from fault


def json_or_text(reply: Reply) -> object:
    try:
        return json.loads(reply.content)
    except (ValueError, RecursionError):
        return reply.content.decode(errors="replace")


def _invalid(reply: Reply, told: str, body: object) -> exceptions.APIResponseValidationError:
    return exceptions.APIResponseValidationError(
        told, body=body, response=reply.response, status=reply.status, request_id=reply.request_id
    )
