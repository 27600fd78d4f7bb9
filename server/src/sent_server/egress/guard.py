"""Decides which addresses a request may connect to: the resolved ones, and again that of the socket."""

import socket
from typing import Any

from sent_server.egress import addresses
from sent_server.egress.urls import Url

# Received bytes wait in the kernel until they are read. Without this limit that may be megabytes per connection.
RECEIVE_BUFFER_BYTES = 32 * 1024
OPEN_LOOPBACK = "SENT_EGRESS_ALLOW_LOOPBACK=true (effective only while the server listens on loopback)"


class RefusedAddressError(OSError):
    """Tenants may not reach this address."""


class Guard:
    """`own_ports` are the ports of this server. They stay closed even if loopback is open."""

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

    def never_calls(self, url: Url) -> str | None:
        """Why a literal address or `localhost` is never called. Other names are checked when connecting."""
        address = url.host if url.is_literal else "127.0.0.1" if url.is_localhost else None
        if address is None or addresses.is_public(address):
            return None
        if not addresses.is_loopback(address):
            return f"This server never calls {url.host}: the address is not on the public internet"
        if not self.allow_loopback:
            return f"This server does not call {url.host}; the setting that opens loopback is {OPEN_LOOPBACK}"
        if url.port in self.own_ports:
            return f"This server never calls itself: port {url.port} of {url.host} is its own"
        return None

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for exactly the checked address. Every connection is opened through this function."""
        family, kind, protocol, _, target = info
        self.check(target[0], target[1])
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        return made
