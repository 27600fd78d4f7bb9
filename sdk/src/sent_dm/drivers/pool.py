"""An httpx transport with a pool that finds a free connection in one step.

httpcore's pool looks at every request and every connection whenever one of them changes: with fifty open calls that is
five sixths of a call's time. This one keeps the free connections of an origin on a stack. Connections, TLS, timeouts
and HTTP itself are httpcore's. Proxies and HTTP/2 stay with httpx's own transport.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, NoReturn, cast
from weakref import WeakKeyDictionary

import httpcore
import httpx

Origin = tuple[bytes, bytes, int | None]


class PooledTransport(httpx.AsyncBaseTransport):
    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._context = context
        self._limits = limits
        # A connection belongs to the event loop that opened it; None stands for trio.
        self._pools: WeakKeyDictionary[Any, _Pool] = WeakKeyDictionary()
        self._without_loop = _Pool(context, limits)

    def _pool(self) -> "_Pool":
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._without_loop
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = _Pool(self._context, self._limits)
        return pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        origin: Origin = (url.raw_scheme, url.raw_host, url.port)
        extensions: dict[str, Any] = dict(cast("Any", request).extensions)
        timeouts: dict[str, float | None] = extensions.get("timeout", {})
        pool = self._pool()
        connection = await pool.take(origin, timeouts.get("pool"))
        try:
            core = await connection.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=origin[0], host=origin[1], port=origin[2], target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=extensions,
                )
            )
        except BaseException as cause:
            await pool.give_back(origin, connection)
            raise_mapped(cause)
        stream = _Body(core, lambda: pool.give_back(origin, connection))
        told: dict[str, Any] = dict(cast("Any", core).extensions)
        return httpx.Response(core.status, headers=core.headers, stream=stream, extensions=told)

    async def aclose(self) -> None:
        for pool in [*self._pools.values(), self._without_loop]:
            await pool.close()


class _Body(httpx.AsyncByteStream):
    def __init__(self, core: httpcore.Response, done: Any) -> None:
        self._core = core
        self._done = done

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._core.aiter_stream():
                yield part
        except Exception as cause:
            raise_mapped(cause)

    async def aclose(self) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        try:
            await self._core.aclose()
        finally:
            await done()


class _Pool:
    """`_open` counts connections that are out or free; at the limit, callers wait for one."""

    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._context = context
        self._max_open = limits.max_connections
        self._max_free = limits.max_keepalive_connections
        self._expiry_s = limits.keepalive_expiry
        self._free: dict[Origin, list[httpcore.AsyncHTTPConnection]] = {}
        self._free_count = 0
        self._open = 0
        self._waiters: deque[Any] = deque()

    async def take(self, origin: Origin, timeout_s: float | None) -> httpcore.AsyncHTTPConnection:
        while True:
            free = self._free.get(origin)
            while free:
                connection = free.pop()
                self._free_count -= 1
                if connection.is_available() and not connection.has_expired():
                    return connection
                self._open -= 1
                await connection.aclose()
            if self._max_open is None or self._open < self._max_open:
                self._open += 1
                return self._new(origin)
            if not await self._close_a_free_one():
                await self._wait_for_turn(timeout_s)

    def _new(self, origin: Origin) -> httpcore.AsyncHTTPConnection:
        scheme, host, port = origin
        where = httpcore.Origin(scheme, host, port or (443 if scheme == b"https" else 80))
        return httpcore.AsyncHTTPConnection(origin=where, ssl_context=self._context, keepalive_expiry=self._expiry_s)

    async def give_back(self, origin: Origin, connection: httpcore.AsyncHTTPConnection) -> None:
        if connection.is_idle() and (self._max_free is None or self._free_count < self._max_free):
            self._free.setdefault(origin, []).append(connection)
            self._free_count += 1
            self._wake_next()
            return
        self._open -= 1
        self._wake_next()
        await connection.aclose()

    async def _close_a_free_one(self) -> bool:
        """Make room at the limit: a free connection to another origin goes."""
        for free in self._free.values():
            if free:
                self._free_count -= 1
                self._open -= 1
                await free.pop(0).aclose()
                return True
        return False

    async def _wait_for_turn(self, timeout_s: float | None) -> None:
        import anyio

        turn = anyio.Event()
        self._waiters.append(turn)
        try:
            with anyio.fail_after(timeout_s):
                await turn.wait()
        except BaseException as cause:
            if turn in self._waiters:
                self._waiters.remove(turn)
            else:
                self._wake_next()  # our turn had come already: pass it on
            if isinstance(cause, TimeoutError):
                raise httpx.PoolTimeout("No free connection") from cause
            raise

    def _wake_next(self) -> None:
        if self._waiters:
            self._waiters.popleft().set()

    async def close(self) -> None:
        for free in self._free.values():
            while free:
                self._open -= 1
                await free.pop().aclose()
        self._free_count = 0


_MAPPED: dict[str, Any] = {
    name: getattr(httpx, name) for name in (
    "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "ConnectError", "ReadError", "WriteError",
    "CloseError", "UnsupportedProtocol", "ProxyError", "LocalProtocolError", "RemoteProtocolError",
)}  # fmt: skip


def raise_mapped(cause: BaseException) -> NoReturn:
    """httpcore's errors under httpx's names; whatever else passes."""
    known = _MAPPED.get(type(cause).__name__) if type(cause).__module__.startswith("httpcore") else None
    if known is None:
        raise cause
    raise known(str(cause)) from cause
