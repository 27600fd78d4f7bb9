"""The two clients. What they do is in core/, who does it in drivers/, what can be called in resources/ (generated)."""

from types import TracebackType
from typing import Self, TypeVar

import httpx

from sent_dm.core import settings as settings_of
from sent_dm.core.call import Steps
from sent_dm.core.not_given import NOT_GIVEN, NotGiven
from sent_dm.core.request import Headers, Query, Timeout
from sent_dm.core.settings import DEFAULT_MAX_RETRIES, Settings
from sent_dm.drivers import async_httpx, sync_httpx
from sent_dm.drivers.aiohttp import DefaultAioHttpClient
from sent_dm.drivers.async_httpx import AsyncWire, HttpxWire
from sent_dm.drivers.sync_httpx import SyncWire
from sent_dm.resources.clients import (
    AsyncResources,
    AsyncWithRawResponse,
    AsyncWithStreamingResponse,
    Resources,
    WithRawResponse,
    WithStreamingResponse,
)
from sent_dm.undocumented import AsyncRawRequests, RawRequests

T = TypeVar("T")
HTTPX_TIMEOUT = httpx.Timeout(5.0)  # what its clients have when nobody says anything
AsyncHttpClient = httpx.AsyncClient | DefaultAioHttpClient


def _wire(client: AsyncHttpClient | None) -> AsyncWire:
    if isinstance(client, DefaultAioHttpClient):
        return client
    if client is not None and not isinstance(client, httpx.AsyncClient):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"`http_client` must be an httpx.AsyncClient or DefaultAioHttpClient, not {type(client).__name__}"
        )
    return HttpxWire(client)


def _timeout(given: Timeout | NotGiven, client: object) -> Timeout | NotGiven:
    """A timeout that is set on the caller's own HTTP client is kept."""
    own = client.timeout if isinstance(client, httpx.Client | httpx.AsyncClient) else HTTPX_TIMEOUT
    return own if isinstance(given, NotGiven) and own != HTTPX_TIMEOUT else given


class _Client:
    settings: Settings

    @property
    def api_key(self) -> str:
        return self.settings.api_key

    @property
    def base_url(self) -> httpx.URL:
        return httpx.URL(self.settings.base_url)

    @property
    def timeout(self) -> httpx.Timeout:
        return self.settings.timeout

    @property
    def max_retries(self) -> int:
        return self.settings.max_retries

    @property
    def default_headers(self) -> dict[str, str]:
        return dict(self.settings.headers)

    @property
    def default_query(self) -> dict[str, object]:
        return dict(self.settings.query)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.settings.base_url!r})"


class SentDm(_Client, Resources, RawRequests):
    """The Sent API, call by call. Reuse one client: it keeps connections open, and threads may share it.

    api_key         else SENT_DM_API_KEY
    base_url        else SENT_DM_BASE_URL or SENT_BASE_URL, else https://api.sent.dm
    timeout         seconds, or an httpx.Timeout; 60 s, of which 5 s to connect
    max_retries     how often a call is tried again after it got no answer, 408, 409, 429, or 500 and above; 2
    http_client     an httpx.Client of your own, with what you need of proxies, certificates or hooks
    webhook_secret  what `webhooks.unwrap` verifies with; else SENT_DM_WEBHOOK_SECRET or SENT_WEBHOOK_SECRET

    Raises SentDmError without a key, TypeError and ValueError for arguments that cannot be.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | httpx.URL | None = None,
        timeout: Timeout | NotGiven = NOT_GIVEN,
        max_retries: int = DEFAULT_MAX_RETRIES,
        default_headers: Headers | None = None,
        default_query: Query | None = None,
        http_client: httpx.Client | None = None,
        webhook_secret: str | None = None,
    ) -> None:
        if http_client is not None and not isinstance(http_client, httpx.Client):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"`http_client` must be an httpx.Client, not {type(http_client).__name__}")
        self.settings = settings_of.read(
            api_key=api_key, base_url=base_url, timeout=_timeout(timeout, http_client), max_retries=max_retries,
            default_headers=default_headers, default_query=default_query, webhook_secret=webhook_secret,
        )  # fmt: skip
        self._wire = SyncWire(http_client)

    def drive(self, steps: Steps[T]) -> T:
        return sync_httpx.drive(steps, self._wire)

    @property
    def with_raw_response(self) -> WithRawResponse:
        """The same calls, giving the answer with its status and headers."""
        return WithRawResponse(self)

    @property
    def with_streaming_response(self) -> WithStreamingResponse:
        """The same calls as context managers, giving the answer before its body is read."""
        return WithStreamingResponse(self)

    def copy(
        self,
        *,
        api_key: str | None = None,
        base_url: str | httpx.URL | None = None,
        timeout: Timeout | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        default_headers: Headers | None = None,
        set_default_headers: Headers | None = None,
        default_query: Query | None = None,
        set_default_query: Query | None = None,
        http_client: httpx.Client | None = None,
        webhook_secret: str | None = None,
    ) -> Self:
        """A client with other options that shares this one's connections. `set_` replaces, `default_` adds."""
        made = object.__new__(type(self))
        made.settings = settings_of.change(
            self.settings, api_key=api_key, base_url=base_url, timeout=timeout, max_retries=max_retries,
            default_headers=default_headers, set_default_headers=set_default_headers, default_query=default_query,
            set_default_query=set_default_query, webhook_secret=webhook_secret,
        )  # fmt: skip
        made._wire = self._wire if http_client is None else SyncWire(http_client)
        return made

    with_options = copy

    def is_closed(self) -> bool:
        return self._wire.is_closed

    def close(self) -> None:
        """Close the connections. A client cannot be used after that, nor its copies."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncSentDm(_Client, AsyncResources, AsyncRawRequests):
    """SentDm for asyncio: the same arguments and methods, to be awaited.

    http_client may be an httpx.AsyncClient, or DefaultAioHttpClient() for the most calls per second.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | httpx.URL | None = None,
        timeout: Timeout | NotGiven = NOT_GIVEN,
        max_retries: int = DEFAULT_MAX_RETRIES,
        default_headers: Headers | None = None,
        default_query: Query | None = None,
        http_client: AsyncHttpClient | None = None,
        webhook_secret: str | None = None,
    ) -> None:
        self.settings = settings_of.read(
            api_key=api_key, base_url=base_url, timeout=_timeout(timeout, http_client), max_retries=max_retries,
            default_headers=default_headers, default_query=default_query, webhook_secret=webhook_secret,
        )  # fmt: skip
        self._wire = _wire(http_client)

    async def drive(self, steps: Steps[T]) -> T:
        return await async_httpx.drive(steps, self._wire)

    async def sleep(self, seconds: float) -> None:
        await self._wire.sleep(seconds)

    @property
    def with_raw_response(self) -> AsyncWithRawResponse:
        """The same calls, giving the answer with its status and headers."""
        return AsyncWithRawResponse(self)

    @property
    def with_streaming_response(self) -> AsyncWithStreamingResponse:
        """The same calls as async context managers, giving the answer before its body is read."""
        return AsyncWithStreamingResponse(self)

    def copy(
        self,
        *,
        api_key: str | None = None,
        base_url: str | httpx.URL | None = None,
        timeout: Timeout | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        default_headers: Headers | None = None,
        set_default_headers: Headers | None = None,
        default_query: Query | None = None,
        set_default_query: Query | None = None,
        http_client: AsyncHttpClient | None = None,
        webhook_secret: str | None = None,
    ) -> Self:
        """A client with other options that shares this one's connections. `set_` replaces, `default_` adds."""
        made = object.__new__(type(self))
        made.settings = settings_of.change(
            self.settings, api_key=api_key, base_url=base_url, timeout=timeout, max_retries=max_retries,
            default_headers=default_headers, set_default_headers=set_default_headers, default_query=default_query,
            set_default_query=set_default_query, webhook_secret=webhook_secret,
        )  # fmt: skip
        made._wire = self._wire if http_client is None else _wire(http_client)
        return made

    with_options = copy

    def is_closed(self) -> bool:
        return self._wire.is_closed

    async def close(self) -> None:
        """Close the connections. A client cannot be used after that, nor its copies."""
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
