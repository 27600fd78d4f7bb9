"""The interface of a bus."""

from collections.abc import Sequence
from typing import Protocol


class Bus(Protocol):
    """Topics are names, `ids` are ids of jobs. No method fails, even if the broker is down."""

    def hint(self, topic: str, ids: Sequence[str] = ()) -> None:
        """Announce work. Each id reaches one process. Without ids, all processes wake up."""
        ...

    def wake(self, topic: str) -> None:
        """The same, for this process only."""
        ...

    async def wait(self, topic: str, *, timeout_ms: int) -> None:
        """Return at the next hint, or after `timeout_ms` at the latest."""
        ...

    def take(self, topic: str) -> Sequence[str]:
        """The ids for this process. An empty result does not mean that nothing is due."""
        ...
