"""Every answer's body: `{success, data, error, meta}`."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import orjson

from sent_server.errors import ApiError
from sent_server.http import echo
from sent_server.kernel import timestamps
from sent_server.kernel.values import value_object

VERSION = "v3"


@value_object
class Reply:
    """What a handler says: `data` goes into the envelope; None with 204 means no body."""

    status: int
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@value_object
class Answer:
    """What goes out: the rendered body, and the first request's id when this is a replay."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    replay_of: str | None = None


def render(reply: Reply, *, request_id: str, now_ms: int) -> Answer:
    if reply.status == 204:
        return Answer(204, b"", reply.headers)
    envelope = {"success": True, "data": reply.data, "error": None, "meta": _meta(request_id, now_ms)}
    return Answer(reply.status, orjson.dumps(envelope), reply.headers)


def render_error(error: ApiError, *, request_id: str, now_ms: int, doc_url_base: str) -> Answer:
    envelope = {
        "success": False,
        "data": None,
        "error": {
            "code": error.code,
            "message": echo.masked(error.message[: echo.MAX_MESSAGE]),
            "details": echo.bounded(error.details),
            "doc_url": f"{doc_url_base}/{error.code}",
        },
        "meta": _meta(request_id, now_ms),
    }
    return Answer(error.status, orjson.dumps(envelope), error.headers)


def _meta(request_id: str, now_ms: int) -> dict[str, str]:
    return {"request_id": request_id, "timestamp": timestamps.iso(now_ms), "version": VERSION}
