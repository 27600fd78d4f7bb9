"""The async driver that drives aiohttp directly. aiohttp and asyncio are imported by the first client that uses it."""

import ssl
from collections.abc import AsyncIterator, Callable
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import httpx

from sent_dm.core import errors
from sent_dm.core.reply import Failure, Got, Reply, Why
from sent_dm.core.request import Request
from sent_dm.core.settings import DEFAULT_LIMITS
from sent_dm.drivers.tls import default_context

if TYPE_CHECKING:
    import aiohttp

MAX_KNOWN_URLS = 512
# What the buffers of a connection take without waiting for the other side.
MAX_BYTES_AT_ONCE = 1 << 16


class DefaultAioHttpClient:
    """`AsyncSentDm(http_client=DefaultAioHttpClient())`: aiohttp does the HTTP. Needs the extra `sentdm[aiohttp]`.

    limits     how many connections there may be, and how long a free one is kept
    verify     an ssl.SSLContext, or False to trust anybody
    proxy      the address of a proxy; else those of the environment, unless trust_env is False
    session    an aiohttp.ClientSession of your own instead of all of these; it belongs to one event loop
    """

    def __init__(
        self,
        *,
        limits: httpx.Limits = DEFAULT_LIMITS,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        trust_env: bool = True,
        session: "aiohttp.ClientSession | None" = None,
    ) -> None:
        try:
            import asyncio

            import aiohttp
            import yarl
            from aiohttp.http_exceptions import ContentEncodingError
        except ImportError as missing:
            raise RuntimeError(
                "DefaultAioHttpClient needs aiohttp: pip install './sdk[aiohttp]' from the repository"
            ) from missing
        self._aiohttp = aiohttp
        self._asyncio = asyncio
        self.errors = (aiohttp.ClientError, OSError)  # TimeoutError is one of these
        self._decoding_error = ContentEncodingError
        self._url = yarl.URL
        self._limits = limits
        self._tls: Any = default_context() if verify is True else verify
        self._proxy = proxy
        # aiohttp looks the environment up for every request, which takes as long as the request; so only if need be.
        self._env_proxies = getproxies() if trust_env and proxy is None else {}
        self._given = session
        # A session belongs to the event loop that it was made in.
        self._sessions: WeakKeyDictionary[Any, aiohttp.ClientSession] = WeakKeyDictionary()
        self._urls: dict[str, yarl.URL] = {}
        self._timeouts: dict[int, tuple[httpx.Timeout, aiohttp.ClientTimeout]] = {}
        self._closed = False

    @property
    def is_closed(self) -> bool:
        return self._closed

    def _session(self) -> "aiohttp.ClientSession":
        if self._given is not None:
            return self._given
        loop = self._asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None:
            if self._closed:
                raise RuntimeError("The client is closed")
            session = self._sessions[loop] = self._make_session()
        return session

    def _make_session(self) -> "aiohttp.ClientSession":
        aiohttp, limits = self._aiohttp, self._limits
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            limit=limits.max_connections or 0,
            keepalive_timeout=15.0 if limits.keepalive_expiry is None else limits.keepalive_expiry,
        )
        return aiohttp.ClientSession(
            connector=connector,
            trust_env=bool({"http", "https"} & self._env_proxies.keys()),
            proxy=self._proxy,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def send(self, request: Request) -> Got:
        content = request.content
        if content is None or len(content) <= MAX_BYTES_AT_ONCE:
            return await self._send(request, content)
        # aiohttp lets a write take for ever, so that each part of a long body is timed here.
        try:
            async with self._asyncio.timeout(None) as clock:
                return await self._send(request, self._long_body(content, clock, request.timeout.write))
        except TimeoutError as cause:
            return self.failure(request, cause, None)

    def _long_body(self, content: bytes, clock: Any, timeout_s: float | None) -> Any:
        now = self._asyncio.get_running_loop().time
        return _long_body_class()(
            content, lambda: None if timeout_s is None else clock.reschedule(now() + timeout_s), clock.reschedule
        )

    async def _send(self, request: Request, payload: Any) -> Got:
        response: aiohttp.ClientResponse | None = None
        session = self._session()
        url = self._known_url(request.url)
        try:
            response = await session.request(
                request.method,
                url,
                proxy=self._all_proxy(url) if "all" in self._env_proxies else None,
                data=payload,
                headers=request.headers,
                timeout=self._timeout(request.timeout),
                allow_redirects=False,
            )
            if request.stream and response.status < 300:
                return self._reply(request, response, b"", body=_OpenBody(self, request, response))
            content = await response.read()
        except self.errors as cause:
            if response is not None:
                response.close()
            return self.failure(request, cause, response)
        except BaseException:
            if response is not None:
                response.close()
            raise
        return self._reply(request, response, content)

    def _reply(
        self, request: Request, response: "aiohttp.ClientResponse", content: bytes, *, body: object = None
    ) -> Reply:
        headers: Any = response.headers  # its `get` has overloads that no protocol can say
        return Reply(response.status, headers, content, request, self._as_httpx, open=body)

    def failure(self, request: Request, cause: Exception, response: "aiohttp.ClientResponse | None") -> Failure:
        why = Why.TIMEOUT if isinstance(cause, TimeoutError) else Why.CONNECTION
        if isinstance(cause.__cause__, self._decoding_error):
            why = Why.UNREADABLE
        request_id = None if response is None else response.headers.get("x-request-id")
        return Failure(why, cause, request, request_id)

    def _known_url(self, text: str) -> Any:
        known = self._urls.get(text)
        if known is None:
            if len(self._urls) >= MAX_KNOWN_URLS:
                self._urls.clear()
            # Encoded already; quoting again would turn the + of a phone number around.
            known = self._urls[text] = self._url(text, encoded=True)
        return known

    def _all_proxy(self, url: Any) -> str | None:
        """aiohttp knows the proxies of the environment, but for ALL_PROXY."""
        return None if url.scheme in self._env_proxies or proxy_bypass(url.host) else self._env_proxies["all"]

    def _timeout(self, given: httpx.Timeout) -> "aiohttp.ClientTimeout":
        """`pool` bounds the wait for a connection, opening one included, because aiohttp knows no other."""
        known = self._timeouts.get(id(given))
        if known is not None and known[0] is given:
            return known[1]
        waits = [given.pool, given.connect]
        made = self._aiohttp.ClientTimeout(
            total=None,
            connect=None if None in waits else sum(wait for wait in waits if wait is not None),
            sock_connect=given.connect,
            sock_read=given.read,
        )
        if len(self._timeouts) >= MAX_KNOWN_URLS:
            self._timeouts.clear()
        self._timeouts[id(given)] = (given, made)
        return made

    def _as_httpx(self, reply: Reply) -> httpx.Response:
        sent = reply.request
        request = httpx.Request(sent.method, sent.url, headers=sent.headers, content=sent.content)
        items: Any = reply.headers
        # aiohttp has decoded the content; without these headers httpx does not try again.
        headers = [(k, v) for k, v in items.items() if k.lower() not in ("content-encoding", "transfer-encoding")]
        return httpx.Response(reply.status, headers=headers, content=reply.content, request=request)

    async def sleep(self, seconds: float) -> None:
        await self._asyncio.sleep(seconds)

    async def aclose(self) -> None:
        self._closed = True
        sessions = list(self._sessions.items())
        self._sessions.clear()
        here = self._asyncio.get_running_loop()
        for loop, session in sessions:
            if loop is here:
                await session.close()
            elif loop.is_running():
                await self._asyncio.wrap_future(self._asyncio.run_coroutine_threadsafe(session.close(), loop))
            else:
                _let_go(session)
        if self._given is not None:
            await self._given.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _OpenBody:
    """A body that is still on its way."""

    def __init__(self, driver: DefaultAioHttpClient, request: Request, response: "aiohttp.ClientResponse") -> None:
        self._driver = driver
        self._request = request
        self._response = response

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises APIConnectionError when it breaks off."""
        try:
            async for part in self._response.content.iter_any():
                yield part
        except self._driver.errors as cause:
            self._response.close()
            raise errors.error_of(self._driver.failure(self._request, cause, self._response)) from cause

    async def aclose(self) -> None:
        self._response.close()


def _let_go(session: Any) -> None:
    """Close what belongs to an event loop that does not run, so that nothing in it can be awaited."""
    connector = session.connector
    session.detach()
    if connector is not None:
        getattr(connector, "_close_immediately", connector._close)()


@cache
def _long_body_class() -> Any:
    """Made late, because aiohttp is imported late."""
    from aiohttp.payload import Payload

    class LongBody(Payload):
        def __init__(self, content: bytes, start: Callable[[], None], stop: Callable[[None], None]) -> None:
            super().__init__(content)
            self._size = len(content)
            self._start = start
            self._stop = stop

        def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
            return self._value.decode(encoding, errors)

        async def write(self, writer: Any) -> None:
            transport = writer.transport  # the writer forgets it when it is closed
            try:
                for at in range(0, len(self._value), MAX_BYTES_AT_ONCE):
                    self._start()
                    await writer.write(self._value[at : at + MAX_BYTES_AT_ONCE])
            except BaseException:
                # Closing it would wait until the other side has taken the rest, which it does not.
                if transport is not None:
                    transport.abort()
                raise
            self._stop(None)

        async def write_with_length(self, writer: Any, content_length: int | None) -> None:
            await self.write(writer)

    return LongBody
