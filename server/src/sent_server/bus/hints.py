"""The interface that everyone else sees."""

from collections.abc import Sequence
from typing import Protocol


class Bus(Protocol):
    """Topics are names; `ids` are those of jobs. No method fails, whatever happens to the broker."""

    def hint(self, topic: str, ids: Sequence[str] = ()) -> None:
        """Say that there is work. With ids, one process hears each; without, all processes wake."""
        ...

    def wake(self, topic: str) -> None:
        """The same to this process alone."""
        ...

    async def wait(self, topic: str, *, timeout_ms: int) -> None:
        """Return at the next hint, or after `timeout_ms` at the latest."""
        ...

    def take(self, topic: str) -> Sequence[str]:
        """The ids that came for us; none is no promise that nothing is due."""
        ...
