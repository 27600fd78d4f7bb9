"""Sliding-window rate limits, exact to the millisecond, per organization and class of route.

Only counts, and knows no routes or accounts. Source: contract/NOTES.md e, docs/reference/errors.md#rates.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from sent_server.http.caller import Caller, Tier
from sent_server.kernel.clock import monotonic_ms
from sent_server.kernel.values import value_object

WINDOW_MS = 60_000
BURST_MS = 1_000
UNLIMITED = 1_000_000


class LimitClass(StrEnum):
    STANDARD = "standard"
    SENSITIVE = "sensitive"
    MESSAGES = "messages"
    WEBHOOK_TEST = "webhook_test"


@value_object
class Limit:
    """`per_minute` requests in any 60 s and `burst` in any second."""

    per_minute: int
    burst: int


@value_object
class LimitVerdict:
    allowed: bool
    limit: int
    remaining: int
    reset_at_s: int
    retry_after_s: int


class Limiter(Protocol):
    """Counts requests, for this process (`RateLimiter`) or for all processes (`http/shared_limits.py`)."""

    async def hit(self, caller: Caller, limit_class: LimitClass) -> LimitVerdict:
        """Count a request if it is allowed. A refused request does not count. Raises SERVICE_001."""
        ...

    async def peek(self, caller: Caller, limit_class: LimitClass) -> LimitVerdict:
        """The headers of a response that does not count (401, 403). Raises SERVICE_001."""
        ...

    async def check(self) -> None:
        """Raises SERVICE_001 while counting is impossible."""
        ...

    async def close(self) -> None: ...


_LIMITS = {
    LimitClass.STANDARD: Limit(200, 50),
    LimitClass.SENSITIVE: Limit(10, 5),
    LimitClass.WEBHOOK_TEST: Limit(60, 60),
}
_MESSAGES_PER_MINUTE = {Tier.STARTER: 60, Tier.GROWTH: 300, Tier.ENTERPRISE: 3_000}


def limit_for(caller: Caller, limit_class: LimitClass) -> Limit:
    if caller.tier is Tier.UNLIMITED:
        return Limit(UNLIMITED, UNLIMITED)
    if limit_class is LimitClass.MESSAGES:
        per_minute = caller.messages_per_minute or _MESSAGES_PER_MINUTE[caller.tier]
        return Limit(per_minute, per_minute)
    return _LIMITS[limit_class]


class _Window:
    """Hits of the last minute, counted per millisecond so that memory stays bounded at any rate."""

    __slots__ = ("hits", "total")

    def __init__(self) -> None:
        self.hits: deque[tuple[int, int]] = deque()
        self.total = 0

    def forget(self, now_ms: int) -> None:
        hits = self.hits
        while hits and hits[0][0] <= now_ms - WINDOW_MS:
            self.total -= hits.popleft()[1]

    def add(self, now_ms: int) -> None:
        if self.hits and self.hits[-1][0] == now_ms:
            self.hits[-1] = (now_ms, self.hits[-1][1] + 1)
        else:
            self.hits.append((now_ms, 1))
        self.total += 1

    def in_burst(self, now_ms: int) -> tuple[int, int]:
        """The hits of the last second, and the age of the first."""
        count = age_ms = 0
        for at_ms, hits in reversed(self.hits):
            if at_ms <= now_ms - BURST_MS:
                break
            count += hits
            age_ms = now_ms - at_ms
        return count, age_ms


class RateLimiter:
    """Counts in this process. `now_ms` is monotonic. Only the reset header shows wall time."""

    def __init__(self, now_ms: Callable[[], int] = monotonic_ms) -> None:
        self._now_ms = now_ms
        self._windows: dict[tuple[str, LimitClass], _Window] = {}

    async def hit(self, caller: Caller, limit_class: LimitClass) -> LimitVerdict:
        return self._judge(caller, limit_class, count=True)

    async def peek(self, caller: Caller, limit_class: LimitClass) -> LimitVerdict:
        return self._judge(caller, limit_class, count=False)

    async def check(self) -> None:
        return

    async def close(self) -> None:
        return

    def _judge(self, caller: Caller, limit_class: LimitClass, *, count: bool) -> LimitVerdict:
        limit = limit_for(caller, limit_class)
        key = (caller.organization_id, limit_class)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window()
        now_ms = self._now_ms()
        window.forget(now_ms)
        full = window.total >= limit.per_minute
        in_burst, burst_age_ms = window.in_burst(now_ms) if limit.burst < limit.per_minute else (0, 0)
        bursting = in_burst > 0 and in_burst >= limit.burst
        allowed = not full and not bursting
        if count and allowed:
            window.add(now_ms)
        if bursting and not full:
            return burst_verdict(limit, age_ms=burst_age_ms)
        oldest_ms = window.hits[0][0] if window.hits else now_ms
        return verdict(limit, allowed=allowed, total=window.total, full=full, oldest_age_ms=now_ms - oldest_ms)


def burst_verdict(limit: Limit, *, age_ms: int) -> LimitVerdict:
    """The verdict if only the one-second window refused. Clients pace themselves by its values."""
    return LimitVerdict(False, limit.burst, 0, math.ceil(time.time() + (BURST_MS - age_ms) / 1000), 1)


def verdict(limit: Limit, *, allowed: bool, total: int, full: bool, oldest_age_ms: int) -> LimitVerdict:
    """`total` hits are in the window now. `full`: the window was full before this request."""
    wait_ms = WINDOW_MS - oldest_age_ms
    retry_after_s = max(1, math.ceil(wait_ms / 1000)) if full else 1
    reset_at_s = math.ceil(time.time() + wait_ms / 1000)
    return LimitVerdict(allowed, limit.per_minute, max(0, limit.per_minute - total), reset_at_s, retry_after_s)


def untouched_verdict() -> LimitVerdict:
    """The headers of responses without an account: the standard class, unused."""
    per_minute = _LIMITS[LimitClass.STANDARD].per_minute
    return LimitVerdict(True, per_minute, per_minute, math.ceil(time.time() + WINDOW_MS / 1000), 1)
