"""The endpoints with due deliveries: a cache of what this process found in the queue.

A scan takes a step per endpoint with waiting deliveries, and many thousands of endpoints may be down. So a scan covers
a part of them, and the next one continues there. A process scans for a fifth of its time at most. Between scans it
serves the endpoints that had more deliveries.
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
    """`now_ms` is the platform's time, which decides what is due. `monotonic_ms` measures the duration of scans.

    `wake` wakes the sender when a pause ends during which it called `endpoints`.
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
        """The time until the next scan; not positive if a scan may start."""
        return self._look_at_ms - self._monotonic_ms()

    async def endpoints(self) -> list[DueEndpoint]:
        """Endpoints with due deliveries that are neither parked nor off. Some may be drained by now."""
        if self.pause_ms <= 0:
            await self._look()
            if self._after:
                self._come_back()
        else:
            self._come_back()
        return list(self._known.values())

    def note(self, endpoint_id: str, *, asked: int, got: int) -> None:
        """An endpoint that returned fewer deliveries than requested is drained."""
        if got < asked:
            self._known.pop(endpoint_id, None)
            self._had_more.discard(endpoint_id)
        else:
            self._had_more.add(endpoint_id)

    def take_off(self) -> list[Key]:
        """The webhooks with due deliveries that scans since the last call found off or deleted."""
        off, self._off = sorted(self._off), set[Key]()
        return off

    def _come_back(self) -> None:
        """Wake the sender when the pause is over."""
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
