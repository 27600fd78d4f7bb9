"""What goes out: one prepared HTTP request, and the steps that a call asks its driver to take."""

from collections.abc import Mapping
from typing import Any, TypedDict

import httpx

from sent_dm.core.not_given import NotGiven

Timeout = float | httpx.Timeout | None
HeaderValue = str | NotGiven | None
Headers = Mapping[str, HeaderValue]
Query = Mapping[str, object]


class ReadOptions(TypedDict, total=False):
    """What every method takes besides its own arguments."""

    extra_headers: Headers | None
    extra_query: Query | None
    extra_body: Mapping[str, object] | None
    timeout: Timeout | NotGiven
    max_retries: int | None
    x_profile_id: str | None


class WriteOptions(ReadOptions, total=False):
    """And those that change something. Without a key of yours, each call makes one and repeats it on its retries."""

    idempotency_key: str | None


Options = Mapping[str, Any]
NO_OPTIONS: Options = {}


class Request:
    """`route` is the path without the values in it, fit for logs. Headers have lower-case names."""

    __slots__ = ("content", "headers", "method", "route", "stream", "timeout", "url")

    def __init__(
        self,
        method: str,
        url: str,
        *,
        route: str,
        headers: dict[str, str],
        content: bytes | None,
        timeout: httpx.Timeout,
        stream: bool = False,
    ) -> None:
        self.method = method
        self.url = url
        self.route = route
        self.headers = headers
        self.content = content
        self.timeout = timeout
        self.stream = stream


class Send:
    """Send `request`; hand back a Reply or a Failure."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request


class Sleep:
    __slots__ = ("after_ms",)

    def __init__(self, after_ms: float) -> None:
        self.after_ms = after_ms


Step = Send | Sleep
