"""The leases on endpoints that this process holds.

One process at a time holds the lease of an endpoint, so that its limits and the order of its events are those of a
single sender. A lease is held for a limited time, so that work spreads over the processes.

    free --take--> held --HELD_AT_MOST_MS--> over --no open request--> released
                     |
                     +--the process dies--> expires after LEASE_MS; another process takes over its claims
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sent_server import events
from sent_server.db import Database, Tx
from sent_server.jobs import lease_store
from sent_server.kernel import ids

PREFIX = "webhooks/"
LEASE_MS = 10_000
RENEW_BELOW_MS = 6_000
RENEW_EVERY_MS = 500
TAKE_OVER_EVERY_MS = 2_000
HELD_AT_MOST_MS = 60_000
FOREVER_MS = 10**15
# A process that released a lease, or found one of another process, does not request it for this long.
YIELD_MS = 250


@dataclass(slots=True)
class HeldLease:
    until_ms: int
    over_at_ms: int


class EndpointLeases:
    """The lease rows of this process, in memory. `alone`: there is no other process, so leases are held forever."""

    def __init__(self, database: Database, now_ms: Callable[[], int], *, alone: bool) -> None:
        self._database = database
        self._now_ms = now_ms
        self._held_at_most_ms = FOREVER_MS if alone else HELD_AT_MOST_MS
        self._holder = ids.new_holder()
        self._ours: dict[str, HeldLease] = {}
        self._not_before_ms: dict[str, int] = {}

    def possible(self, endpoint_ids: Iterable[str]) -> set[str]:
        """The endpoints whose lease is ours or may be requested."""
        now_ms = self._now_ms()
        return {name for name in endpoint_ids if self._may_serve(name, now_ms)}

    async def take(self, tx: Tx, endpoint_ids: Collection[str], *, now_ms: int) -> set[str]:
        """Returns the endpoints whose lease is ours once this transaction is committed."""
        wanted = {name for name in endpoint_ids if not self._has(name, now_ms, RENEW_BELOW_MS)}
        if not wanted:
            return set(endpoint_ids)
        won = await self._lease(tx, wanted, now_ms)
        # Existing claims on an endpoint whose lease is new to us belong to a process that is gone.
        new = [name for name in won if not self._has(name, now_ms, 0)]
        await events.release_endpoints(tx, new, now_ms=now_ms)
        tx.after_commit(lambda: self._note(wanted, won, now_ms))
        return won | (set(endpoint_ids) - wanted)

    async def renew(self, in_use: Collection[str]) -> None:
        """Renew the leases with open requests, and release those that are over or have no open request."""
        now_ms = self._now_ms()
        due = {name for name in in_use if name in self._ours and not self._has(name, now_ms, RENEW_BELOW_MS)}
        over = {name for name, held in self._ours.items() if min(held.over_at_ms, held.until_ms) <= now_ms}
        done = over - set(in_use)
        self._not_before_ms = {name: at_ms for name, at_ms in self._not_before_ms.items() if at_ms > now_ms}
        if due or done:
            await self._database.write(lambda tx: self._renew(tx, due, done, now_ms))

    async def take_over(self) -> bool:
        """Take the leases of processes that are gone. Returns whether there were any."""
        now_ms = self._now_ms()
        names = await self._database.read(lambda tx: lease_store.run_out(tx, PREFIX, now_ms=now_ms))
        lost = [name.removeprefix(PREFIX) for name in names]
        if lost:
            await self._database.write(lambda tx: self.take(tx, lost, now_ms=now_ms))
        return bool(lost)

    async def release_all(self) -> None:
        """Release all leases, and the claims that were not sent, to the other processes."""
        ours, now_ms = sorted(self._ours), self._now_ms()

        async def write(tx: Tx) -> None:
            await events.release_endpoints(tx, ours, now_ms=now_ms)
            await lease_store.release(tx, self._holder, [_lease_name(name) for name in ours])

        if ours:
            await self._database.write(write)

    async def _renew(self, tx: Tx, due: set[str], done: set[str], now_ms: int) -> None:
        won = await self._lease(tx, due, now_ms) if due else set[str]()
        await lease_store.release(tx, self._holder, [_lease_name(name) for name in done])
        tx.after_commit(lambda: self._note(due | done, won, now_ms))

    async def _lease(self, tx: Tx, wanted: Collection[str], now_ms: int) -> set[str]:
        names = {_lease_name(name): name for name in wanted}
        held = await lease_store.take(tx, self._holder, names, now_ms=now_ms, lease_ms=LEASE_MS)
        return {names[name] for name in held}

    def _note(self, asked: Collection[str], won: Collection[str], now_ms: int) -> None:
        for name in asked:
            if name not in won:
                self._ours.pop(name, None)
                self._not_before_ms[name] = now_ms + YIELD_MS
            elif self._has(name, now_ms, 0):
                self._ours[name].until_ms = now_ms + LEASE_MS
            else:
                self._ours[name] = HeldLease(now_ms + LEASE_MS, now_ms + self._held_at_most_ms)

    def _may_serve(self, name: str, now_ms: int) -> bool:
        held = self._ours.get(name)
        if held is not None and held.until_ms > now_ms:
            return held.over_at_ms > now_ms
        return self._not_before_ms.get(name, 0) <= now_ms

    def _has(self, name: str, now_ms: int, left_ms: int) -> bool:
        """Whether the lease is ours and valid for longer than `left_ms`."""
        held = self._ours.get(name)
        return held is not None and held.until_ms - now_ms > left_ms


def _lease_name(endpoint_id: str) -> str:
    return PREFIX + endpoint_id
