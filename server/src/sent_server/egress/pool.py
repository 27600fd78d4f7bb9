"""Connections that stay open between requests, each for one tenant and one origin.

Tenants never share a connection: bytes after the response to one tenant must not reach another.
"""

import asyncio
import socket
import ssl
from collections import deque

import aiohappyeyeballs

from sent_server.egress.connection import ClientConnection
from sent_server.egress.guard import Guard
from sent_server.egress.resolver import Resolver
from sent_server.egress.tls import Tls, trusting_context
from sent_server.egress.urls import Url

KEPT_S = 15.0
SWEEP_EVERY_S = 5.0
MAX_IDLE = 1_024
NEXT_ADDRESS_AFTER_S = 0.25

# tenant, scheme, host, port
Key = tuple[str, str, str, int]
_Idle = tuple[float, ClientConnection]


class Pool:
    """Has no limit of open connections, because callers limit their concurrent requests."""

    def __init__(self, guard: Guard, resolver: Resolver) -> None:
        self._guard = guard
        self._resolver = resolver
        self._context: ssl.SSLContext | None = None
        self._idle: dict[Key, deque[_Idle]] = {}
        self._idle_count = 0
        self._sweep: asyncio.TimerHandle | None = None

    def take(self, key: Key) -> ClientConnection | None:
        """The newest idle connection that is still usable, so that older ones can expire."""
        waiting = self._idle.get(key)
        while waiting:
            _, connection = waiting.pop()
            self._idle_count -= 1
            if connection.is_quiet():
                return connection
            connection.abort()
        return None

    def keep(self, key: Key, connection: ClientConnection) -> None:
        if self._idle_count >= MAX_IDLE:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        self._idle.setdefault(key, deque()).append((loop.time(), connection))
        self._idle_count += 1
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_EVERY_S, self._drop_old)

    async def open(self, url: Url) -> ClientConnection:
        """Raises RefusedAddressError, LookUpError, OSError, ssl.SSLError, AnswerError."""
        name = "localhost" if url.is_localhost else url.host
        places = (name,) if url.is_literal else await self._resolver.addresses(name)
        for place in places:
            self._guard.check(place, url.port)
        link: socket.socket = await aiohappyeyeballs.start_connection(  # pyright: ignore[reportUnknownMemberType]
            [_address_info(place, url.port) for place in places],
            happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S,
            socket_factory=self._guard.open_socket,
        )
        connection: ClientConnection | None = None
        try:
            tls = Tls(self._tls_context(), url.host) if url.scheme == "https" else None
            connection = ClientConnection(link, tls)
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=link)
            if tls is not None:
                await connection.shake_hands()
        except BaseException:
            if connection is None or not connection.was_opened:
                link.close()
            else:
                connection.abort()
            raise
        return connection

    def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for waiting in self._idle.values():
            for _, connection in waiting:
                connection.abort()
        self._idle.clear()

    def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = trusting_context()
        return self._context

    def _drop_old(self) -> None:
        loop = asyncio.get_running_loop()
        oldest_s = loop.time() - KEPT_S
        for key, waiting in list(self._idle.items()):
            while waiting and (waiting[0][0] < oldest_s or waiting[0][1].is_closed):
                waiting.popleft()[1].abort()
                self._idle_count -= 1
            if not waiting:
                del self._idle[key]
        self._sweep = loop.call_later(SWEEP_EVERY_S, self._drop_old) if self._idle else None


def _address_info(place: str, port: int) -> tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]:
    if ":" in place:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (place, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (place, port)
