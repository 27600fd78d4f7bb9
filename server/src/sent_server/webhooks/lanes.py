"""How many requests each endpoint may have open in this process. In memory; losing it costs nothing.

Every endpoint has a lane that starts narrow, widens with each quick answer and narrows when it fails. A lane whose
oldest request hangs is slow: its requests then count against another pool, so that hanging receivers, however many,
never take the room of the quick ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

FAST_SLOTS = 256
SLOW_SLOTS = 256
FIRST_LIMIT = 4
SLOW_LIMIT = 2
MAX_LIMIT = 64
SLOW_AFTER_MS = 1_000
FORGET_AFTER_MS = 60_000


@dataclass(slots=True)
class Lane:
    """`opened_at_ms` holds the start of each open request (by its lease), oldest first. Times are monotonic."""

    limit: int = FIRST_LIMIT
    slow: bool = False
    opened_at_ms: dict[str, int] = field(default_factory=dict[str, int])
    served_at_ms: int = 0

    @property
    def room(self) -> int:
        return max(0, self.limit - len(self.opened_at_ms))

    def open(self, lease: str, *, now_ms: int) -> None:
        self.opened_at_ms[lease] = now_ms

    def close(self, lease: str, *, now_ms: int, ok: bool) -> None:
        took_ms = now_ms - self.opened_at_ms.pop(lease)
        self.served_at_ms = now_ms
        if took_ms >= SLOW_AFTER_MS:
            self.slow, self.limit = True, SLOW_LIMIT
        elif ok:
            self.slow, self.limit = False, min(MAX_LIMIT, self.limit + 1)
        else:
            self.limit = max(SLOW_LIMIT, self.limit // 2)

    def look_at(self, now_ms: int) -> None:
        """Notice a request that hangs before it ends."""
        oldest_ms = next(iter(self.opened_at_ms.values()), now_ms)
        if now_ms - oldest_ms >= SLOW_AFTER_MS:
            self.slow, self.limit = True, SLOW_LIMIT


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    def lane(self, endpoint_id: str) -> Lane:
        return self._lanes.setdefault(endpoint_id, Lane())

    @property
    def open_count(self) -> int:
        return sum(len(lane.opened_at_ms) for lane in self._lanes.values())

    def in_use(self) -> set[str]:
        """The endpoints with open requests."""
        return {name for name, lane in self._lanes.items() if lane.opened_at_ms}

    def share(self, endpoint_ids: Sequence[str], *, now_ms: int) -> dict[str, int]:
        """How many each waiting endpoint may start now: at most its own room, and a fair part of its pool.

        Those served longest ago come first, so that more endpoints than slots take turns.
        """
        self._look_at_all(now_ms)
        lanes = sorted(((self.lane(name), name) for name in endpoint_ids), key=lambda pair: pair[0].served_at_ms)
        everyone = self._lanes.values()
        slow_left = SLOW_SLOTS - _open_in(lane for lane in everyone if lane.slow)
        fast_left = FAST_SLOTS - _open_in(lane for lane in everyone if not lane.slow)
        slow = _divide([(lane, name) for lane, name in lanes if lane.slow], slow_left)
        return slow | _divide([(lane, name) for lane, name in lanes if not lane.slow], fast_left)

    def _look_at_all(self, now_ms: int) -> None:
        for name, lane in list(self._lanes.items()):
            lane.look_at(now_ms)
            if not lane.opened_at_ms and now_ms - lane.served_at_ms > FORGET_AFTER_MS:
                del self._lanes[name]


def _open_in(lanes: Iterable[Lane]) -> int:
    return sum(len(lane.opened_at_ms) for lane in lanes)


def _divide(lanes: Sequence[tuple[Lane, str]], slots: int) -> dict[str, int]:
    shares: dict[str, int] = {}
    for position, (lane, name) in enumerate(lanes):
        if slots <= 0:
            break
        # While a lane is busy, wait until a good part of it is free: claims then come in sets.
        wanted = lane.room if not lane.opened_at_ms or lane.room >= lane.limit // 4 else 0
        fair = -(-slots // (len(lanes) - position))
        if given := min(wanted, fair):
            shares[name] = given
            slots -= given
    return shares
