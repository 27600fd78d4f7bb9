"""The outcome of a request, before a dialect renders it.

Outcome ── Reply          a handler's result
        ├─ ApiError       a refusal
        └─ StoredAnswer   what was stored under an Idempotency-Key, by this request or an earlier one
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from sent_server.errors import ApiError
from sent_server.http import echo
from sent_server.kernel.values import value_object


@value_object
class Reply:
    """`data` is JSON as Python values. 204 has none."""

    status: int
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@value_object
class StoredAnswer:
    """`document` is what `envelope.dump` made of a result; `request_id` and `now_ms` are the first request's.

    The first response and its replays are rendered from the same document. Only the first has `headers`.
    """

    status: int
    document: bytes
    request_id: str
    now_ms: int
    is_replay: bool
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


Outcome = Reply | ApiError | StoredAnswer


@value_object
class Problem:
    """An error as clients may see it: bounded, without card numbers and secrets. Dialects render only this."""

    status: int
    code: str
    message: str
    details: Mapping[str, Sequence[str]] | None
    doc_url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, refusal: ApiError, doc_url_base: str) -> "Problem":
        return cls(
            refusal.status,
            refusal.code,
            echo.masked(refusal.message[: echo.MAX_MESSAGE]),
            echo.bounded(refusal.details),
            f"{doc_url_base}/{refusal.code}",
            refusal.headers,
        )


@value_object
class Answer:
    """The rendered response. For a replay, `replay_of` is the id of the first request."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    replay_of: str | None = None
    content_type: bytes = b"application/json"


class Meta:
    """Facts about the request that every response contains."""

    __slots__ = ("now_ms", "path", "request_id")

    def __init__(self, request_id: str, now_ms: int, path: str) -> None:
        self.request_id = request_id
        self.now_ms = now_ms
        self.path = path
