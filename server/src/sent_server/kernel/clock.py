"""The platform's clock. Everything else receives a `Clock` and never reads the time itself."""

import time
from typing import Protocol


class Clock(Protocol):
    """`now_ms` is stored in rows. `monotonic_ms` measures durations and ignores changes of the clock."""

    def now_ms(self) -> int: ...

    def monotonic_ms(self) -> int: ...


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class SystemClock:
    """Wall clock plus an offset, so that a simulated installation can travel in time.

    Timers and stored times use `now_ms`. Signatures that other parties verify use `wall_ms`.
    """

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return monotonic_ms()


class FixedClock:
    """A clock that moves only when a test moves it."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ms(self) -> int:
        return self._now_ms

    def advance(self, delta_ms: int) -> None:
        self._now_ms += delta_ms
