"""Which endpoints have something to send, as far as this process knows.

Looking for them takes a step per endpoint that waits for anything, and many that are down may wait; so a process
spends a fifth of its time on it at most, and between two looks goes on with those that had more.
"""

import asyncio
from collections.abc import Callable, Iterable

from sent_server.db import Database
from sent_server.events import DueEndpoint
from sent_server.webhooks import claims

PAUSE_PER_LOOK = 4
SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS = 10, 250


class Waiting:
    """`now_ms` is the platform's time, by which things are due; `monotonic_ms` measures our own effort.

    `wake` brings the sender back here: whoever asked in a pause is told when it is over.
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
        elif self._owed is None:
            self._owed = asyncio.get_running_loop().call_later(self.pause_ms / 1_000, self._wake)
        return list(self._known.values())

    def drained(self, endpoint_ids: Iterable[str]) -> None:
        """They gave less than was asked of them."""
        for endpoint_id in endpoint_ids:
            self._known.pop(endpoint_id, None)

    async def _look(self) -> None:
        if self._owed:
            self._owed.cancel()
            self._owed = None
        began_ms, now_ms = self._monotonic_ms(), self._now_ms()
        due = await self._database.read(lambda tx: claims.sendable(tx, now_ms=now_ms))
        self._known = {one.endpoint_id: one for one in due}
        ended_ms = self._monotonic_ms()
        pause_ms = min(PAUSE_PER_LOOK * (ended_ms - began_ms), LONGEST_PAUSE_MS)
        self._look_at_ms = ended_ms + max(pause_ms, SHORTEST_PAUSE_MS)
