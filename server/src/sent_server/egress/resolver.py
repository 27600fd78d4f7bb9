"""Resolves names without threads. Any number of lookups may hang, because each costs only a few hundred bytes.

c-ares reads /etc/hosts and /etc/resolv.conf, notices when they change, and knows `localhost`.
"""

import asyncio
import contextlib
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import pycares

KEPT_S = 10.0
KEPT_NAMES = 4_096
# Each timeout doubles the previous one, starting with the usual time of the name servers (at least 0.25 s) or 2 s.
TRIES = 4
FIRST_TRY_S = 2.0
# c-ares caches any number of answers for their full TTL. Reloading its configuration clears the cache.
FORGET_EVERY = 1_000


class LookUpError(OSError):
    """The name does not resolve, or not in time."""


class NameServerError(ValueError):
    """The setting of name servers is invalid."""


class Resolver:
    """`name_servers` are HOST[:PORT]. By default those of the machine. One lookup per name at a time."""

    def __init__(self, name_servers: Sequence[str] = ()) -> None:
        try:
            self._channel = pycares.Channel(timeout=FIRST_TRY_S, tries=TRIES, servers=list(name_servers) or None)
        except pycares.AresError as error:
            raise NameServerError(f"{', '.join(name_servers)} is not a list of addresses HOST[:PORT]") from error
        self._kept: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()
        self._under_way: dict[str, asyncio.Future[tuple[str, ...]]] = {}
        self._asked = 0

    async def addresses(self, name: str) -> tuple[str, ...]:
        """Addresses in order of preference. Raises LookUpError."""
        kept = self._kept.get(name)
        if kept and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        look_up = self._under_way.get(name)
        if look_up is None:
            look_up = self._ask(name)
        # Shielded: a caller that gives up does not cancel the lookup for others.
        return await asyncio.shield(look_up)

    def close(self) -> None:
        self._channel.close()

    def _ask(self, name: str) -> asyncio.Future[tuple[str, ...]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[str, ...]] = loop.create_future()

        def answered(result: Any, error: int | None) -> None:
            """Called in the thread of c-ares, also while closing."""
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._settle, name, future, result, error)

        self._under_way[name] = future
        self._asked += 1
        if self._asked % FORGET_EVERY == 0:
            self._channel.reinit()
        try:
            self._channel.getaddrinfo(name, None, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM, callback=answered)
        except (pycares.AresError, RuntimeError, ValueError):
            self._settle(name, future, None, -1)
        return future

    def _settle(self, name: str, future: asyncio.Future[tuple[str, ...]], result: Any, error: int | None) -> None:
        if self._under_way.get(name) is future:
            del self._under_way[name]
        if future.done():
            return
        found = () if error is not None else tuple(dict.fromkeys(node.addr[0].decode() for node in result.nodes))
        if not found:
            future.set_exception(LookUpError("the name cannot be resolved"))
            future.exception()  # all callers may have given up
            return
        self._kept[name] = (time.monotonic(), found)
        self._kept.move_to_end(name)
        while len(self._kept) > KEPT_NAMES:
            self._kept.popitem(last=False)
        future.set_result(found)
