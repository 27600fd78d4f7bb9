"""How many requests each endpoint may have open in this process. In memory; losing it costs nothing.

Every endpoint has a lane, which starts narrow, widens with each good answer and narrows when one fails. Lanes of one
pace share a pool, so that no kind of receiver, however many there are, takes the room of a better kind:

    quick --no answer for far longer than usual--> stuck --an answer--> quick, or slow if it usually takes a second
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SLOTS = 256  # of each pool
MAX_OPEN = 2_048  # of all, since what gets stuck leaves its slot to others before it ends
FIRST_LIMIT = 4
STUCK_LIMIT = 2
SLOW_MAX_LIMIT = 16
MAX_LIMIT = 64
SLOW_AFTER_MS = 1_000
# How long an open request counts as quick: several times what its endpoint usually takes, within these.
LEAST_PATIENCE_MS, FIRST_PATIENCE_MS = 150, 300
FORGET_AFTER_MS = 60_000
FORGET_EVERY_MS = 10_000


class Pace(StrEnum):
    QUICK = "quick"
    SLOW = "slow"
    STUCK = "stuck"


@dataclass(slots=True)
class Lane:
    """`opened_at_ms` holds the start of each open request (by its lease), oldest first. Times are monotonic.

    `usual_ms` is about what a good answer takes. While the oldest request is `overdue`, no other is opened.
    """

    limit: int = FIRST_LIMIT
    pace: Pace = Pace.QUICK
    usual_ms: int | None = None
    overdue: bool = False
    opened_at_ms: dict[str, int] = field(default_factory=dict[str, int])
    served_at_ms: int = 0

    @property
    def room(self) -> int:
        return 0 if self.overdue else max(0, self.limit - len(self.opened_at_ms))

    @property
    def pool(self) -> Pace:
        return Pace.STUCK if self.overdue else self.pace

    def close(self, lease: str, *, now_ms: int, ok: bool) -> None:
        took_ms = now_ms - self.opened_at_ms.pop(lease)
        self.served_at_ms = now_ms
        self.look_at(now_ms)
        if ok:
            self.usual_ms = took_ms if self.usual_ms is None else (3 * self.usual_ms + took_ms) // 4
            self.pace = Pace.QUICK if self.usual_ms < SLOW_AFTER_MS else Pace.SLOW
            self.limit = min(MAX_LIMIT if self.pace is Pace.QUICK else SLOW_MAX_LIMIT, self.limit + 1)
        elif took_ms >= SLOW_AFTER_MS:
            self.pace, self.limit = Pace.STUCK, STUCK_LIMIT
        else:
            self.limit = max(STUCK_LIMIT, self.limit // 2)

    def look_at(self, now_ms: int) -> None:
        """Notice a request that hangs before it ends."""
        waited_ms = now_ms - next(iter(self.opened_at_ms.values()), now_ms)
        self.overdue = waited_ms >= self._patience_ms
        if self.overdue and waited_ms >= SLOW_AFTER_MS:
            self.pace, self.limit = Pace.STUCK, STUCK_LIMIT

    @property
    def _patience_ms(self) -> int:
        if self.usual_ms is None:
            return FIRST_PATIENCE_MS
        if self.usual_ms >= SLOW_AFTER_MS:
            return 2 * self.usual_ms
        return max(LEAST_PATIENCE_MS, min(4 * self.usual_ms, SLOW_AFTER_MS))


class Lanes:
    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._in_use: dict[str, Lane] = {}
        self._forget_at_ms = 0

    def lane(self, endpoint_id: str) -> Lane:
        return self._lanes.setdefault(endpoint_id, Lane())

    def open(self, endpoint_id: str, lease: str, *, now_ms: int) -> None:
        lane = self._in_use[endpoint_id] = self.lane(endpoint_id)
        lane.opened_at_ms[lease] = now_ms

    def close(self, endpoint_id: str, lease: str, *, now_ms: int, ok: bool) -> None:
        lane = self._in_use[endpoint_id]
        lane.close(lease, now_ms=now_ms, ok=ok)
        if not lane.opened_at_ms:
            del self._in_use[endpoint_id]

    @property
    def open_count(self) -> int:
        return sum(len(lane.opened_at_ms) for lane in self._in_use.values())

    def in_use(self) -> set[str]:
        """The endpoints with open requests."""
        return set(self._in_use)

    def share(self, endpoint_ids: Sequence[str], *, now_ms: int) -> dict[str, int]:
        """How many each waiting endpoint may start now: at most its own room, and a fair part of its pool.

        Those served longest ago come first, so that more endpoints than slots take turns.
        """
        self._forget_idle(now_ms)
        left = dict.fromkeys(Pace, SLOTS)
        for lane in self._in_use.values():
            lane.look_at(now_ms)
            left[lane.pool] -= len(lane.opened_at_ms)
        waiting = sorted(((self.lane(name), name) for name in endpoint_ids), key=lambda pair: pair[0].served_at_ms)
        shares: dict[str, int] = {}
        room = MAX_OPEN - self.open_count
        for pace in Pace:
            given = _divide([pair for pair in waiting if pair[0].pool is pace], min(left[pace], room))
            room -= sum(given.values())
            shares |= given
        return shares

    def _forget_idle(self, now_ms: int) -> None:
        if now_ms < self._forget_at_ms:
            return
        self._forget_at_ms = now_ms + FORGET_EVERY_MS
        self._lanes = {
            name: lane
            for name, lane in self._lanes.items()
            if lane.opened_at_ms or now_ms - lane.served_at_ms <= FORGET_AFTER_MS
        }


def _divide(lanes: Sequence[tuple[Lane, str]], slots: int) -> dict[str, int]:
    shares: dict[str, int] = {}
    for position, (lane, name) in enumerate(lanes):
        if slots <= 0:
            break
        # While a lane is busy, wait until a good part of it is free: claims then come in sets.
        wanted = lane.room if not lane.opened_at_ms or lane.room >= lane.limit // 2 else 0
        fair = -(-slots // (len(lanes) - position))
        if given := min(wanted, fair):
            shares[name] = given
            slots -= given
    return shares
