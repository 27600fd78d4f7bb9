"""Writes a response: its body, and the headers of every response, with the names of the dialect."""

import time

from starlette.types import Scope, Send

from sent_server.http import limits
from sent_server.http.dialect import Dialect
from sent_server.http.limits import LimitVerdict
from sent_server.http.reply import Answer, Meta
from sent_server.kernel import ids

# Responses contain secrets and personal data, so no cache may store them and no browser may guess another type.
PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Trace(Meta):
    """One request as its response describes it."""

    __slots__ = ("sandbox", "scoped_profile", "started_ns", "verdict")

    def __init__(self, scope: Scope, now_ms: int) -> None:
        super().__init__(ids.new_request_id(), now_ms, scope["path"])
        self.started_ns = time.perf_counter_ns()
        self.verdict: LimitVerdict | None = None
        self.sandbox = False
        self.scoped_profile: str | None = None


async def write(send: Send, answer: Answer, trace: Trace, dialect: Dialect) -> None:
    names = dialect.headers
    verdict = trace.verdict or limits.untouched_verdict()
    took_ms = (time.perf_counter_ns() - trace.started_ns) // 1_000_000
    headers = [
        (names.request_id, trace.request_id.encode()),
        (names.response_time, b"%dms" % took_ms),
        (names.api_version, dialect.version),
        (names.limit, b"%d" % verdict.limit),
        (names.limit_remaining, b"%d" % verdict.remaining),
        (names.limit_reset, b"%d" % verdict.reset_at_s),
        *PRIVATE,
    ]
    if answer.status != 204:
        headers.append((b"content-type", answer.content_type))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if trace.sandbox and answer.status < 400:
        headers.append((names.sandbox, b"true"))
    if trace.scoped_profile:
        headers.append((names.scoped_profile, trace.scoped_profile.encode()))
    if answer.replay_of:
        headers.append((names.replayed, b"true"))
        headers.append((names.original_request_id, answer.replay_of.encode()))
    for name, value in answer.headers.items():
        headers.append((name.lower().encode(), value.encode("latin-1")))
    if names.omits_some:
        headers = [header for header in headers if header[0]]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
