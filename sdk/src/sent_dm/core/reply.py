"""What came back: a reply whose body is read (or still open, for streaming), or a failure without one."""

from collections.abc import Callable
from enum import Enum
from typing import Protocol

import httpx

from sent_dm.core.request import Request


class HeaderView(Protocol):
    """Case-insensitive; httpx.Headers and aiohttp's headers both are."""

    def get(self, key: str, default: None = None, /) -> str | None: ...


class Reply:
    """`elapsed_s` is how long the last attempt took. `open` is the driver's own response while its body is unread
    (streaming), else None."""

    __slots__ = ("_make", "_response", "content", "elapsed_s", "headers", "open", "request", "retries", "status")

    def __init__(
        self,
        status: int,
        headers: HeaderView,
        content: bytes,
        request: Request,
        response: Callable[["Reply"], httpx.Response] | httpx.Response,
        *,
        open: object = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.request = request
        self.open = open
        self.retries = 0
        self.elapsed_s = 0.0
        self._response = response if isinstance(response, httpx.Response) else None
        self._make = None if isinstance(response, httpx.Response) else response

    @property
    def response(self) -> httpx.Response:
        """As httpx shows it, whichever driver it came through; made when asked for."""
        if self._response is None:
            assert self._make is not None
            self._response = self._make(self)
        return self._response

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-request-id")


class Why(Enum):
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    UNREADABLE = "unreadable"  # it arrived, but its content encoding is broken


class Failure:
    """No usable reply. `request_id` is known when the head of the answer had arrived."""

    __slots__ = ("cause", "request", "request_id", "why")

    def __init__(self, why: Why, cause: BaseException, request: Request, request_id: str | None = None) -> None:
        self.why = why
        self.cause = cause
        self.request = request
        self.request_id = request_id


Got = Reply | Failure
