"""Between our requests and httpx's, for both of its clients."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext

import httpx

from sent_dm.core import errors
from sent_dm.core.log import only_route
from sent_dm.core.reply import Failure, Reply, Why
from sent_dm.core.request import Request

_httpx_log = logging.getLogger("httpx")
_quiet: AbstractContextManager[None] = nullcontext()
MAX_KNOWN_URLS = 512
_urls: dict[str, httpx.URL] = {}
_encoded: dict[str, bytes] = {}

# What httpx, its transports and sockets raise when there is no answer, or not all of it.
ERRORS = (httpx.RequestError, OSError)


def build(request: Request) -> httpx.Request:
    """Without httpx's merging of client defaults, which takes a fifth of a call; ours are merged already."""
    return httpx.Request(
        request.method,
        _url(request.url),
        headers=[(_bytes(name), value.encode("ascii")) for name, value in request.headers.items()],
        content=request.content,
        extensions={"timeout": request.timeout.as_dict()},
    )


def build_with(client: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
    """With the default headers, cookies and parameters of a client that the user brought."""
    return client.build_request(
        request.method,
        _url(request.url),
        headers=request.headers,
        content=request.content,
        timeout=request.timeout,
    )


def reply(request: Request, response: httpx.Response) -> Reply:
    return Reply(response.status_code, response.headers, response.content, request, response)


def open_reply(request: Request, response: httpx.Response, body: object) -> Reply:
    return Reply(response.status_code, response.headers, b"", request, response, open=body)


class OpenBody:
    """A body that is still on its way; reading it raises APIConnectionError when it breaks off."""

    def __init__(self, request: Request, response: httpx.Response) -> None:
        self._request = request
        self._response = response

    def chunks(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_bytes()
        except ERRORS as cause:
            raise errors.error_of(failure(self._request, cause, self._response)) from cause

    def close(self) -> None:
        self._response.close()


class AsyncOpenBody:
    def __init__(self, request: Request, response: httpx.Response) -> None:
        self._request = request
        self._response = response

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_bytes():
                yield part
        except ERRORS as cause:
            raise errors.error_of(failure(self._request, cause, self._response)) from cause

    async def aclose(self) -> None:
        await self._response.aclose()


def failure(request: Request, cause: Exception, response: httpx.Response | None) -> Failure:
    request_id = None if response is None else response.headers.get("x-request-id")
    if isinstance(cause, httpx.TimeoutException | TimeoutError):
        why = Why.TIMEOUT
    elif isinstance(cause, httpx.DecodingError):
        why = Why.UNREADABLE
    else:
        why = Why.CONNECTION
    return Failure(why, cause, request, request_id)


def log_routes_only(request: Request) -> AbstractContextManager[None]:
    return only_route(request.route) if _httpx_log.isEnabledFor(logging.INFO) else _quiet


def _url(text: str) -> httpx.URL:
    known = _urls.get(text)
    if known is None:
        if len(_urls) >= MAX_KNOWN_URLS:
            _urls.clear()
        known = _urls[text] = httpx.URL(text)
    return known


def _bytes(name: str) -> bytes:
    known = _encoded.get(name)
    if known is None:
        known = name.encode("ascii")
        if len(_encoded) < MAX_KNOWN_URLS:
            _encoded[name] = known
    return known
