"""Posts bytes to addresses that tenants chose: no redirects, proxies or cookies, a total deadline, bounded reads.

A request never raises because of the peer. It returns `EgressResponse | RequestFailed | RequestRefused`.
"""

import asyncio
import functools
import os
import ssl
from collections.abc import Mapping, Sequence

from sent_server.egress.connection import ClosedError
from sent_server.egress.guard import Guard, RefusedAddressError
from sent_server.egress.pool import Key, Pool
from sent_server.egress.reader import AnswerError, AnswerReader
from sent_server.egress.resolver import LookUpError, Resolver
from sent_server.egress.results import RequestFailed, RequestRefused, Result
from sent_server.egress.urls import Url, UrlError, parse


class Egress:
    """The connection pool of the process. Create it inside the running loop, and `close` it at the end."""

    def __init__(self, *, allow_loopback: bool, name_servers: Sequence[str] = ()) -> None:
        self.guard = Guard(allow_loopback=allow_loopback)
        self._resolver = Resolver(name_servers)
        self._pool = Pool(self.guard, self._resolver)

    def forbid_port(self, port: int) -> None:
        """Never connect to this port on loopback: the server itself listens there."""
        self.guard.own_ports.add(port)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float, tenant: str = ""
    ) -> Result:
        """Connections are never shared between values of `tenant`."""
        try:
            parsed = parse(url)
        except UrlError:
            return RequestRefused("Not called: the URL is not valid")
        request = _request(parsed, headers, len(body)) + body
        key = (tenant, parsed.scheme, parsed.host, parsed.port)
        reader = AnswerReader()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._exchange(key, parsed, request, reader)
        except TimeoutError:
            if reader.status is None:
                return RequestFailed(f"No answer within {timeout_seconds:g} seconds")
        except (AnswerError, OSError) as error:
            return _failure(error)
        return reader.answer

    async def close(self) -> None:
        self._pool.close()
        self._resolver.close()

    async def _exchange(self, key: Key, url: Url, request: bytes, reader: AnswerReader) -> None:
        connection = self._pool.take(key)
        if connection is not None:
            try:
                if await connection.ask(request, reader):
                    self._pool.keep(key, connection)
                return
            except ClosedError as error:
                # A kept connection may close while we write to it. That is not a failure of the receiver.
                if not error.was_silent:
                    raise
        connection = await self._pool.open(url)
        if await connection.ask(request, reader):
            self._pool.keep(key, connection)


def _request(url: Url, headers: Mapping[str, str], length: int) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
        raise ValueError("a header holds a line break")
    return f"{_head(url)}{lines}Content-Length: {length}\r\n\r\n".encode("ascii")


@functools.lru_cache(maxsize=4_096)
def _head(url: Url) -> str:
    lines = (
        f"POST {url.target} HTTP/1.1",
        f"Host: {url.host_header}",
        "User-Agent: Sent-Webhooks/1",
        "Accept: */*",
        "Accept-Encoding: identity",
        *([f"Authorization: {url.authorization}"] if url.authorization else []),
        "",
    )
    return "\r\n".join(lines)


def _failure(error: Exception) -> RequestFailed | RequestRefused:
    """The text for the tenant: the kind of failure, never addresses of our own network."""
    match error:
        case RefusedAddressError():
            return RequestRefused(f"Not called: {error}")
        case AnswerError():
            return RequestFailed(str(error))
        case LookUpError():
            return RequestFailed("The host name cannot be resolved")
        case ClosedError():
            return RequestFailed("The connection was closed before an answer came")
        case ssl.SSLError():
            return RequestFailed("The TLS connection failed: the certificate or protocol was not accepted")
        case OSError():
            return RequestFailed(f"The connection failed: {os.strerror(error.errno) if error.errno else 'unreachable'}")
        case _:
            return RequestFailed(f"The request failed: {type(error).__name__}")
