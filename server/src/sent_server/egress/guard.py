"""Decides which addresses a call may connect to, on the resolver's answer and again on the socket's own address."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from sent_server.egress import addresses

DNS_THREADS = 32  # of its own: names that hang must not stall the process's other threads


class RefusedAddressError(OSError):
    """The address is not one that tenants may reach."""


class Guard:
    """`own_ports` are the ports this server listens on; they stay closed even where loopback is open."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self.allow_loopback = allow_loopback
        self.own_ports: set[int] = set()

    def check(self, address: str, port: int) -> None:
        """Raises RefusedAddressError."""
        if addresses.is_public(address):
            return
        if not (self.allow_loopback and addresses.is_loopback(address)):
            raise RefusedAddressError("the address is not on the public internet")
        if port in self.own_ports:
            raise RefusedAddressError("the address is this server's own")

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for exactly the checked address; aiohttp opens every connection through this."""
        family, kind, protocol, _, target = info
        self.check(target[0], target[1])
        return socket.socket(family=family, type=kind, proto=protocol)


class GuardedResolver(AbstractResolver):
    """Answers only when every address of the name may be reached."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(DNS_THREADS, thread_name_prefix="egress-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        infos = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port, family)
        found: list[ResolveResult] = []
        for info_family, _, protocol, _, target in infos:
            address = str(target[0])
            self._guard.check(address, port)
            found.append(
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=info_family,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        return found

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: int) -> Sequence[tuple[Any, int, int, str, tuple[Any, ...]]]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)


def connector(guard: Guard) -> aiohttp.TCPConnector:
    """No limits of its own: callers bound how much they have open."""
    return aiohttp.TCPConnector(
        resolver=GuardedResolver(guard), socket_factory=guard.open_socket, limit=0, keepalive_timeout=15
    )
