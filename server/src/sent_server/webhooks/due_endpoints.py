"""Which endpoints have something to send: a cache of what this process found in the queue.

Looking for them takes a step per endpoint that waits for anything, and many thousands that are down may wait. So a look
goes through some of them and the next one continues from there; a process looks in a fifth of its time at most, and
meanwhile continues with those that had more.
"""

import asyncio
from collections.abc import Callable

from sent_server.db import Database
from sent_server.events import DueEndpoint
from sent_server.webhooks import claims
from sent_server.webhooks.store import Key

AT_ONCE = 500
PAUSE_PER_LOOK = 4
SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS = 10, 250


class DueEndpoints:
    """`now_ms` is the platform's time, by which things are due; `monotonic_ms` measures our own effort.

    `wake` brings the sender back here: a caller that asked in a pause is woken when it is over.
    """

    def __init__(
        self,
        database: Database,
        *,
        now_ms: Callable[[], int],
        monotonic_ms: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self._monotonic_ms = monotonic_ms
        self._wake = wake
        self._known: dict[str, DueEndpoint] = {}
        self._had_more: set[str] = set()
        self._off: set[Key] = set()
        self._after = ""
        self._look_at_ms = 0
        self._owed: asyncio.TimerHandle | None = None

    @property
    def pause_ms(self) -> int:
        """How long it does not look yet; not positive when it may."""
        return self._look_at_ms - self._monotonic_ms()

    async def endpoints(self) -> list[DueEndpoint]:
        """Those with due deliveries that are neither parked nor off; some may have nothing left."""
        if self.pause_ms <= 0:
            await self._look()
            if self._after:
                self._come_back()
        else:
            self._come_back()
        return list(self._known.values())

    def note(self, endpoint_id: str, *, asked: int, got: int) -> None:
        """An endpoint that gave less than it was asked for is drained."""
        if got < asked:
            self._known.pop(endpoint_id, None)
            self._had_more.discard(endpoint_id)
        else:
            self._had_more.add(endpoint_id)

    def take_off(self) -> list[Key]:
        """Webhooks that were off or gone at a look since the last call, and had something due."""
        off, self._off = sorted(self._off), set[Key]()
        return off

    def _come_back(self) -> None:
        """Have somebody ask again when the pause is over."""
        if self._owed is None:
            self._owed = asyncio.get_running_loop().call_later(self.pause_ms / 1_000, self._pause_over)

    def _pause_over(self) -> None:
        self._owed = None
        self._wake()

    async def _look(self) -> None:
        began_ms, now_ms = self._monotonic_ms(), self._now_ms()
        look = await self._database.read(
            lambda tx: claims.sendable(tx, after=self._after, now_ms=now_ms, count=AT_ONCE)
        )
        self._after = look.following
        self._off.update(look.off)
        kept = {name: one for name, one in self._known.items() if name in self._had_more}
        self._known = kept | {one.endpoint_id: one for one in look.ready}
        self._had_more.clear()
        ended_ms = self._monotonic_ms()
        pause_ms = min(PAUSE_PER_LOOK * (ended_ms - began_ms), LONGEST_PAUSE_MS)
        self._look_at_ms = ended_ms + max(pause_ms, SHORTEST_PAUSE_MS)
