"""How many attempts each target may have open in this process. In memory; losing it costs nothing.

An adaptive limit starts low, rises with each good answer and falls when an attempt fails. Targets of one pace share a
pool, so that no kind of target, however many there are, takes the room of a better kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from sent_server.kernel.values import value_object
from sent_server.outbound import pace as paces
from sent_server.outbound.pace import Pace

FORGET_AFTER_MS = 60_000
FORGET_EVERY_MS = 10_000


@value_object
class LimitPolicy:
    """`slots` is the room of each pool; `max_open` that of all together, since an attempt that gets stuck leaves its
    slot to others before it ends. A limit that is not `adaptive` stays what it is, however the target answers.
    """

    first_limit: int = 4
    stuck_limit: int = 2
    slow_max_limit: int = 16
    max_limit: int = 64
    slots: int = 256
    max_open: int = 2_048
    adaptive: bool = True

    @classmethod
    def fixed(cls, limit: int) -> Self:
        return cls(first_limit=limit, max_limit=limit, slots=limit, max_open=limit, adaptive=False)


ADAPTIVE = LimitPolicy()


@dataclass(slots=True)
class TargetLimit:
    """`opened_at_ms` holds the start of each open attempt (by its id), oldest first. Times are monotonic.

    `usual_ms` is about what a good answer takes. While the oldest attempt is `overdue`, no other is opened.
    """

    policy: LimitPolicy
    limit: int
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

    @property
    def wanted(self) -> int:
        """How many more it would open now. A busy one waits until a good part is free: claims then come in sets."""
        if self.policy.adaptive and self.opened_at_ms and self.room < self.limit // 2:
            return 0
        return self.room

    def close(self, attempt_id: str, *, now_ms: int, ok: bool) -> None:
        took_ms = now_ms - self.opened_at_ms.pop(attempt_id)
        self.served_at_ms = now_ms
        if not self.policy.adaptive:
            return
        self.look_at(now_ms)
        if ok:
            self.usual_ms = paces.usual_ms(self.usual_ms, took_ms)
            self.pace = paces.of_answers(self.usual_ms)
            highest = self.policy.max_limit if self.pace is Pace.QUICK else self.policy.slow_max_limit
            self.limit = min(highest, self.limit + 1)
        elif took_ms >= paces.SLOW_AFTER_MS:
            self.pace, self.limit = Pace.STUCK, self.policy.stuck_limit
        else:
            self.limit = max(self.policy.stuck_limit, self.limit // 2)

    def look_at(self, now_ms: int) -> None:
        """Notice an attempt that hangs before it ends."""
        if not self.policy.adaptive:
            return
        waited_ms = now_ms - next(iter(self.opened_at_ms.values()), now_ms)
        self.overdue = waited_ms >= paces.patience_ms(self.usual_ms)
        if self.overdue and waited_ms >= paces.SLOW_AFTER_MS:
            self.pace, self.limit = Pace.STUCK, self.policy.stuck_limit


class TargetLimiter:
    def __init__(self, policy: LimitPolicy = ADAPTIVE) -> None:
        self._policy = policy
        self._targets: dict[str, TargetLimit] = {}
        self._in_use: dict[str, TargetLimit] = {}
        self._forget_at_ms = 0

    def target(self, target_id: str) -> TargetLimit:
        found = self._targets.get(target_id)
        if found is None:
            found = self._targets[target_id] = TargetLimit(self._policy, self._policy.first_limit)
        return found

    def open(self, target_id: str, attempt_id: str, *, now_ms: int) -> None:
        target = self._in_use[target_id] = self.target(target_id)
        target.opened_at_ms[attempt_id] = now_ms

    def close(self, target_id: str, attempt_id: str, *, now_ms: int, ok: bool) -> None:
        target = self._in_use[target_id]
        target.close(attempt_id, now_ms=now_ms, ok=ok)
        if not target.opened_at_ms:
            del self._in_use[target_id]

    @property
    def open_count(self) -> int:
        return sum(len(target.opened_at_ms) for target in self._in_use.values())

    def in_use(self) -> set[str]:
        """The targets with open attempts."""
        return set(self._in_use)

    def share(self, target_ids: Sequence[str], *, now_ms: int) -> dict[str, int]:
        """How many each waiting target may start now: at most its own room, and a fair part of its pool.

        Those served longest ago come first, so that more targets than slots take turns.
        """
        self._forget_idle(now_ms)
        left = dict.fromkeys(Pace, self._policy.slots)
        for target in self._in_use.values():
            target.look_at(now_ms)
            left[target.pool] -= len(target.opened_at_ms)
        waiting = sorted(((self.target(name), name) for name in target_ids), key=lambda pair: pair[0].served_at_ms)
        shares: dict[str, int] = {}
        room = self._policy.max_open - self.open_count
        for pace in Pace:
            given = _divide([pair for pair in waiting if pair[0].pool is pace], min(left[pace], room))
            room -= sum(given.values())
            shares |= given
        return shares

    def _forget_idle(self, now_ms: int) -> None:
        if now_ms < self._forget_at_ms:
            return
        self._forget_at_ms = now_ms + FORGET_EVERY_MS
        self._targets = {
            name: target
            for name, target in self._targets.items()
            if target.opened_at_ms or now_ms - target.served_at_ms <= FORGET_AFTER_MS
        }


def _divide(targets: Sequence[tuple[TargetLimit, str]], slots: int) -> dict[str, int]:
    shares: dict[str, int] = {}
    for position, (target, name) in enumerate(targets):
        if slots <= 0:
            break
        fair = -(-slots // (len(targets) - position))
        if given := min(target.wanted, fair):
            shares[name] = given
            slots -= given
    return shares
