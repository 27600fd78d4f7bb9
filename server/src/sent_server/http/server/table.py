"""All connections of a process: their number, their memory and their deadlines.

One client must not exhaust the resources of others. At a limit, the connection that has waited longest for its client
is closed in favor of the new one. The new one is refused only if all are busy. Instead of a timer per request, a sweep
twice a second checks the deadlines.
"""

import asyncio
import math
import time
from typing import Protocol

import structlog

from sent_server.kernel import network

log = structlog.get_logger()
SWEEP_EVERY_S = 0.5
LOG_EVERY_S = 60.0
# The time for waiting connections before other work continues.
TURN_S = 0.005
# Memory limits for requests and unread responses, per address and in total.
MAX_HELD_PER_ADDRESS = 16 * 1024 * 1024
MAX_HELD = 28 * 1024 * 1024
# A connection with less memory than this is never refused because of others.
SMALL = 16 * 1024


class TrackedConnection(Protocol):
    deadline_s: float

    def expire(self, now_s: float) -> None: ...

    def evict(self) -> None: ...

    def shut_down(self) -> None: ...

    def abort(self) -> None: ...

    def proceed(self) -> None: ...


class Peer:
    """One address, or one IPv6 network of 64 bits."""

    __slots__ = ("connections", "held", "name", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.connections = 0
        self.held = 0
        # Ordered by the time when they began to wait for their client.
        self.waiting: dict[TrackedConnection, None] = {}


class ConnectionTable:
    def __init__(self, *, max_connections: int, max_per_address: int) -> None:
        self.max_connections = max_connections
        self.max_per_address = max_per_address
        self.draining = False
        self.tasks: dict[object, asyncio.Task[None]] = {}  # an unreferenced task may be garbage collected
        self.emptied = asyncio.Event()
        self._members: dict[TrackedConnection, Peer] = {}
        self._peers: dict[str, Peer] = {}
        self._held = 0
        self._logged_at_s: dict[str, float] = {}
        self._line: dict[TrackedConnection, None] = {}
        self._has_work_scheduled = False

    def enter(self, member: TrackedConnection, address: str) -> Peer | None:
        """None if there is no room: all connections of the address, or all of the process, are busy."""
        name = network.network(address)
        peer = self._peers.get(name)
        if peer is not None and peer.connections >= self.max_per_address:
            self._log("http.connections_of_address_at_limit", limit=self.max_per_address, address=name)
            if not self._evict(peer):
                return None
        if len(self._members) >= self.max_connections:
            self._log("http.connections_at_limit", limit=self.max_connections)
            if not self._evict(max(self._peers.values(), key=lambda one: (bool(one.waiting), one.connections))):
                return None
        peer = self._peers.get(name)
        if peer is None:
            peer = self._peers[name] = Peer(name)
        peer.connections += 1
        self._members[member] = peer
        return peer

    def leave(self, member: TrackedConnection) -> None:
        peer = self._members.pop(member, None)
        if peer is None:
            return
        peer.waiting.pop(member, None)
        self._line.pop(member, None)
        peer.connections -= 1
        if not peer.connections:
            del self._peers[peer.name]
        if self.draining and not self._members:
            self.emptied.set()

    def hold(self, peer: Peer, change: int) -> None:
        peer.held += change
        self._held += change

    def is_full(self, peer: Peer) -> bool:
        full = peer.held > MAX_HELD_PER_ADDRESS or self._held > MAX_HELD
        if full:
            self._log("http.requests_in_memory_at_limit", address=peer.name, held_bytes=peer.held)
        return full

    def has_line(self) -> bool:
        return bool(self._line)

    def is_in_line(self, member: TrackedConnection) -> bool:
        return member in self._line

    def line_up(self, member: TrackedConnection) -> None:
        """Queue a connection. Connections with much to read proceed round-robin, a part at a time."""
        self._line[member] = None
        self._schedule_work()

    def _schedule_work(self) -> None:
        if self._line and not self._has_work_scheduled:
            self._has_work_scheduled = True
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        self._has_work_scheduled = False
        until_s = time.perf_counter() + TURN_S
        for member in list(self._line):
            if time.perf_counter() >= until_s:
                break
            if member in self._line:  # still open
                del self._line[member]
                member.proceed()
        self._schedule_work()

    def shut_down(self) -> None:
        """Close idle connections now, and the others after their current response."""
        self.draining = True
        for member in list(self._members):
            member.shut_down()
        if not self._members:
            self.emptied.set()

    def abort_all(self) -> None:
        for member in list(self._members):
            member.abort()

    async def sweep(self) -> None:
        now_s = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            at_s = now_s()
            for member in [member for member in self._members if member.deadline_s <= at_s]:
                member.expire(at_s)

    def _evict(self, peer: Peer) -> bool:
        longest = next(iter(peer.waiting), None)
        if longest is None:
            return False
        longest.evict()
        self.leave(longest)
        return True

    def _log(self, event: str, **fields: object) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._logged_at_s.get(event, -math.inf) >= LOG_EVERY_S:
            self._logged_at_s[event] = now_s
            log.warning(event, **fields)
