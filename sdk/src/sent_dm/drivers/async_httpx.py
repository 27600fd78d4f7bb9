"""The async driver: httpx.AsyncClient, ours or the user's."""

from typing import Any, Protocol, TypeVar
from urllib.request import getproxies

import httpx

from sent_dm.core.call import Steps
from sent_dm.core.reply import Got
from sent_dm.core.request import Request, Send
from sent_dm.core.settings import DEFAULT_LIMITS, DEFAULT_TIMEOUT
from sent_dm.drivers import httpx_common as common
from sent_dm.drivers.tls import default_context

T = TypeVar("T")
_OTHER_TRANSPORT = frozenset({"transport", "mounts", "proxy", "proxies", "http2", "app"})


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """httpx.AsyncClient with the SDK's timeouts and limits, and its faster pool where that can stand in for httpx's."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("timeout", DEFAULT_TIMEOUT)
        limits: httpx.Limits = options.setdefault("limits", DEFAULT_LIMITS)
        if "verify" not in options and "cert" not in options:
            options["verify"] = default_context()
            if not _OTHER_TRANSPORT & options.keys() and not _has_proxies(options):
                # Imported late, because it takes asyncio along, which sync programs do without.
                from sent_dm.drivers.pool import PooledTransport

                # httpx ignores `limits` when it is given a transport, so that the pool has to know them.
                options["transport"] = PooledTransport(options["verify"], limits)
        super().__init__(**options)


def _has_proxies(options: dict[str, Any]) -> bool:
    return bool(options.get("trust_env", True)) and bool({"http", "https", "all"} & getproxies().keys())


class AsyncWire(Protocol):
    """What an async client sends with."""

    @property
    def is_closed(self) -> bool: ...

    async def send(self, request: Request) -> Got: ...

    async def sleep(self, seconds: float) -> None: ...

    async def aclose(self) -> None: ...


class HttpxWire:
    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._own = client is None
        self.client = DefaultAsyncHttpxClient() if client is None else client

    async def send(self, request: Request) -> Got:
        response: httpx.Response | None = None
        built = common.build(request) if self._own else common.build_with(self.client, request)
        try:
            with common.log_routes_only(request):
                response = await self.client.send(built, stream=True, follow_redirects=False)
            if request.stream and response.status_code < 300:
                return common.open_reply(request, response, common.AsyncOpenBody(request, response))
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        except common.ERRORS as cause:
            return common.failure(request, cause, response)
        return common.reply(request, response)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

    @property
    def is_closed(self) -> bool:
        return self.client.is_closed

    async def aclose(self) -> None:
        await self.client.aclose()


async def drive(steps: Steps[T], wire: AsyncWire) -> T:
    """Take the steps of a call until it is done."""
    got: Got | None = None
    try:
        while True:
            step = steps.send(got)
            if isinstance(step, Send):
                got = await wire.send(step.request)
            else:
                await wire.sleep(step.after_ms / 1_000)
                got = None
    except StopIteration as done:
        return done.value
