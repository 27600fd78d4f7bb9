"""POSTs bytes to addresses that tenants chose: no redirects, no proxies, no cookies, a total deadline, bounded reads.

A request never raises for what the other side does; it answers `Answer | Failed | Refused`.
"""

import asyncio
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from sent_server.egress.guard import Guard, RefusedAddressError, connector

MAX_READ_BYTES = 64 * 1024
MAX_KEPT_BYTES = 1024
MAX_RETRY_AFTER_S = 3_600


@dataclass(frozen=True, slots=True)
class Answer:
    """The other side spoke. `text` is at most 1 KiB of its body; treat it as hostile."""

    status: int
    text: str
    retry_after_s: int | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer: unreachable, broken off, or not within the deadline."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """We do not call that address."""

    reason: str


Result = Answer | Failed | Refused
_parsed = functools.lru_cache(maxsize=4_096)(URL)


@functools.lru_cache(maxsize=256)
def _deadline(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


class Egress:
    """One session for the process. Make it inside the running loop; `close` it at the end."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self.guard = Guard(allow_loopback=allow_loopback)
        self._session = aiohttp.ClientSession(
            connector=connector(self.guard),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": "Sent-Webhooks/1", "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    def forbid_port(self, port: int) -> None:
        """Never call this port on loopback: the server itself listens there."""
        self.guard.own_ports.add(port)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float) -> Result:
        for last in (False, True):
            try:
                return await self._post(url, body, headers, timeout_seconds)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError) as error:
                # A kept connection may close just as we write to it; that says nothing about the receiver.
                if last:
                    return Failed(f"The connection was closed: {error}")
            except TimeoutError:
                return Failed(f"No answer within {timeout_seconds:g} seconds")
            except (aiohttp.ClientError, OSError, ValueError) as error:
                return _told(error)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await self._session.close()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Result:
        async with self._session.post(
            _parsed(url), data=body, headers=headers, allow_redirects=False, timeout=_deadline(timeout_seconds)
        ) as response:
            text = await _read(response)
            return Answer(response.status, text, _retry_after_s(response.headers.get("Retry-After")))


async def _read(response: aiohttp.ClientResponse) -> str:
    """The first KiB. A body that ends within 64 KiB leaves the connection usable, any other closes it."""
    kept = b""
    total = 0
    try:
        while chunk := await response.content.read(MAX_READ_BYTES):
            total += len(chunk)
            kept += chunk[: MAX_KEPT_BYTES - len(kept)]
            if total >= MAX_READ_BYTES:
                response.close()
                break
    except (TimeoutError, aiohttp.ClientError):
        response.close()  # the status had arrived, and the status is the answer
    text = kept.decode("utf-8", errors="replace").replace("\x00", "")
    return text.encode()[:MAX_KEPT_BYTES].decode("utf-8", errors="ignore")


def _retry_after_s(text: str | None) -> int | None:
    """Seconds only; dates are rare and depend on the other side's clock."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return min(int(text), MAX_RETRY_AFTER_S)


def _told(error: Exception) -> Failed | Refused:
    """What to show the tenant: the kind of failure, never addresses of our own network."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RefusedAddressError):
            return Refused(f"Not called: {cause}")
        cause = getattr(cause, "os_error", None) or cause.__cause__
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Failed("The host name cannot be resolved")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return Failed("The TLS connection failed: the certificate or protocol was not accepted")
        case aiohttp.ClientConnectorError():
            code = error.os_error.errno
            return Failed(f"The connection failed: {os.strerror(code) if code else 'unreachable'}")
        case aiohttp.InvalidURL():
            return Refused("Not called: the URL is not valid")
        case asyncio.IncompleteReadError() | aiohttp.ClientPayloadError():
            return Failed("The connection broke off")
        case _:
            return Failed(f"The request failed: {type(error).__name__}")
