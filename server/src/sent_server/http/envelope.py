"""The envelope `{success, data, error, meta}`: the bodies of v3, and the stored form of responses.

Every release stored responses this way, and releases run side by side during an upgrade, so the stored form never
changes. It contains everything that another dialect needs, and `load` parses it. Source: docs/decisions/0021.
"""

from typing import Any

import orjson

from sent_server.http.reply import Answer, Meta, Problem, Reply, StoredAnswer
from sent_server.kernel import timestamps

VERSION = "v3"


def render(reply: Reply, meta: Meta) -> Answer:
    return Answer(reply.status, dump(reply, request_id=meta.request_id, now_ms=meta.now_ms), reply.headers)


def render_error(problem: Problem, meta: Meta) -> Answer:
    return Answer(problem.status, dump(problem, request_id=meta.request_id, now_ms=meta.now_ms), problem.headers)


def dump(result: Reply | Problem, *, request_id: str, now_ms: int) -> bytes:
    """The result as JSON; empty for 204."""
    if result.status == 204:
        return b""
    success, data, error = True, None, None
    if isinstance(result, Reply):
        data = result.data
    else:
        success = False
        error = {
            "code": result.code,
            "message": result.message,
            "details": result.details,
            "doc_url": result.doc_url,
        }
    meta = {"request_id": request_id, "timestamp": timestamps.iso(now_ms), "version": VERSION}
    return orjson.dumps({"success": success, "data": data, "error": error, "meta": meta})


def load(stored: StoredAnswer) -> Reply | Problem:
    if not stored.document:
        return Reply(stored.status, None, stored.headers)
    envelope: dict[str, Any] = orjson.loads(stored.document)
    error: dict[str, Any] | None = envelope["error"]
    if error is None:
        return Reply(stored.status, envelope["data"], stored.headers)
    return Problem(stored.status, error["code"], error["message"], error["details"], error["doc_url"], stored.headers)
