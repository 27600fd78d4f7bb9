"""When a target that does not answer is left alone. Pure; the slice that makes the attempts stores the state.

    closed --`opens_after` unreachable attempts in a row--> open --an answer to a probe--> closed

While a breaker is open, only a probe goes out every `probe_every_ms`.
"""

from sent_server.kernel.values import value_object


@value_object
class BreakerPolicy:
    opens_after: int
    probe_every_ms: int


@value_object
class Breaker:
    """`open_since_ms` and `probe_at_ms` are set together, and None while it is closed."""

    unreachable_in_row: int = 0
    open_since_ms: int | None = None
    probe_at_ms: int | None = None

    def may_attempt(self, now_ms: int) -> bool:
        return self.probe_at_ms is None or self.probe_at_ms <= now_ms

    def open_for(self, span_ms: int, *, now_ms: int) -> bool:
        """Whether it has been open that long."""
        return self.open_since_ms is not None and self.open_since_ms <= now_ms - span_ms

    def after_unreachable(self, policy: BreakerPolicy, *, now_ms: int, retry_after_ms: int = 0) -> "Breaker":
        """The target did not answer, or said that it cannot. `retry_after_ms` is what it asked for."""
        in_row = self.unreachable_in_row + 1
        if in_row < policy.opens_after:
            return Breaker(in_row, self.open_since_ms, self.probe_at_ms)
        since_ms = now_ms if self.open_since_ms is None else self.open_since_ms
        return Breaker(in_row, since_ms, now_ms + max(policy.probe_every_ms, retry_after_ms))
