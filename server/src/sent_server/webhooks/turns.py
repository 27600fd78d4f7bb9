"""Which endpoints this process serves. One process at a time has an endpoint's turn, so that its limits and the order
of its events are those of a single sender; turns end, so that work spreads over the processes.

    nobody's --take--> ours --TURN_MS--> over --nothing open--> laid down
                         |
                         +--the process dies--> runs out after LEASE_MS; another one takes over what it had claimed
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
KEEP_EVERY_MS = 500
TAKE_OVER_EVERY_MS = 2_000
TURN_MS = 60_000
FOR_EVER_MS = 10**15
# Whoever ended a turn, or met somebody else's, lets the others go first for a moment.
STEP_BACK_MS = 250


@dataclass(slots=True)
class Turn:
    until_ms: int
    over_at_ms: int


class Turns:
    """In memory what the lease rows say. `alone`: nobody else waits for a turn, so none is ever over."""

    def __init__(self, database: Database, now_ms: Callable[[], int], *, alone: bool) -> None:
        self._database = database
        self._now_ms = now_ms
        self._turn_ms = FOR_EVER_MS if alone else TURN_MS
        self._holder = ids.new_holder()
        self._ours: dict[str, Turn] = {}
        self._not_before_ms: dict[str, int] = {}

    def possible(self, endpoint_ids: Iterable[str]) -> set[str]:
        """Those whose turn is ours, or worth asking for."""
        now_ms = self._now_ms()
        return {name for name in endpoint_ids if self._may_serve(name, now_ms)}

    async def take(self, tx: Tx, endpoint_ids: Collection[str], *, now_ms: int) -> set[str]:
        """Those of them whose turn is ours once this transaction is committed."""
        wanted = {name for name in endpoint_ids if not self._has(name, now_ms, RENEW_BELOW_MS)}
        if not wanted:
            return set(endpoint_ids)
        won = await self._lease(tx, wanted, now_ms)
        # Whatever is claimed where we are new was claimed by a process that is gone.
        new = [name for name in won if not self._has(name, now_ms, 0)]
        await events.release_endpoints(tx, new, now_ms=now_ms)
        tx.after_commit(lambda: self._note(wanted, won, now_ms))
        return won | (set(endpoint_ids) - wanted)

    async def keep(self, in_use: Collection[str]) -> None:
        """Renew the turns with open requests, and lay down those that are over or have nothing to do."""
        now_ms = self._now_ms()
        renew = {name for name in in_use if name in self._ours and not self._has(name, now_ms, RENEW_BELOW_MS)}
        over = {name for name, turn in self._ours.items() if min(turn.over_at_ms, turn.until_ms) <= now_ms}
        done = over - set(in_use)
        self._not_before_ms = {name: at_ms for name, at_ms in self._not_before_ms.items() if at_ms > now_ms}
        if renew or done:
            await self._database.write(lambda tx: self._renew(tx, renew, done, now_ms))

    async def take_over(self) -> bool:
        """Take the turns of processes that are gone; says whether there were any."""
        now_ms = self._now_ms()
        names = await self._database.read(lambda tx: lease_store.run_out(tx, PREFIX, now_ms=now_ms))
        lost = [name.removeprefix(PREFIX) for name in names]
        if lost:
            await self._database.write(lambda tx: self.take(tx, lost, now_ms=now_ms))
        return bool(lost)

    async def lay_down_all(self) -> None:
        """Leave everything to the others at once, also what is claimed and was not sent."""
        ours, now_ms = sorted(self._ours), self._now_ms()

        async def write(tx: Tx) -> None:
            await events.release_endpoints(tx, ours, now_ms=now_ms)
            await lease_store.release(tx, self._holder, [_lease_name(name) for name in ours])

        if ours:
            await self._database.write(write)

    async def _renew(self, tx: Tx, renew: set[str], done: set[str], now_ms: int) -> None:
        won = await self._lease(tx, renew, now_ms) if renew else set[str]()
        await lease_store.release(tx, self._holder, [_lease_name(name) for name in done])
        tx.after_commit(lambda: self._note(renew | done, won, now_ms))

    async def _lease(self, tx: Tx, wanted: Collection[str], now_ms: int) -> set[str]:
        names = {_lease_name(name): name for name in wanted}
        held = await lease_store.take(tx, self._holder, names, now_ms=now_ms, lease_ms=LEASE_MS)
        return {names[name] for name in held}

    def _note(self, asked: Collection[str], won: Collection[str], now_ms: int) -> None:
        for name in asked:
            if name not in won:
                self._ours.pop(name, None)
                self._not_before_ms[name] = now_ms + STEP_BACK_MS
            elif self._has(name, now_ms, 0):
                self._ours[name].until_ms = now_ms + LEASE_MS
            else:
                self._ours[name] = Turn(now_ms + LEASE_MS, now_ms + self._turn_ms)

    def _may_serve(self, name: str, now_ms: int) -> bool:
        turn = self._ours.get(name)
        if turn is not None and turn.until_ms > now_ms:
            return turn.over_at_ms > now_ms
        return self._not_before_ms.get(name, 0) <= now_ms

    def _has(self, name: str, now_ms: int, left_ms: int) -> bool:
        """Whether the lease is ours and runs for that much longer."""
        turn = self._ours.get(name)
        return turn is not None and turn.until_ms - now_ms > left_ms


def _lease_name(endpoint_id: str) -> str:
    return PREFIX + endpoint_id
