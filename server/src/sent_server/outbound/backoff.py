"""When a failed attempt is made again. Pure."""

from typing import Self

from sent_server.kernel.values import value_object


@value_object
class Backoff:
    """The delay before each retry; the last one repeats."""

    delays_ms: tuple[int, ...]

    @classmethod
    def linear(cls, step_ms: int, *, steps: int) -> Self:
        return cls(tuple(step_ms * number for number in range(1, steps + 1)))

    def delay_ms(self, retry: int, *, at_least_ms: int = 0) -> int:
        """The delay before the given retry, counted from 1. `at_least_ms` is what the target asked for."""
        return max(self.delays_ms[min(retry, len(self.delays_ms)) - 1], at_least_ms)
