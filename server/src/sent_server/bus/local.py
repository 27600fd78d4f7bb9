"""Hints inside one process. Ids are not needed: a single process finds due jobs at the head of the queue."""

import asyncio
from collections.abc import Sequence


class LocalBus:
    def __init__(self) -> None:
        self._topics: dict[str, asyncio.Event] = {}

    def hint(self, topic: str, ids: Sequence[str] = ()) -> None:
        """Wake the waiter of the topic, or the next one."""
        self._topic(topic).set()

    def wake(self, topic: str) -> None:
        self._topic(topic).set()

    async def wait(self, topic: str, *, timeout_ms: int) -> None:
        event = self._topic(topic)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    def take(self, topic: str) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        return

    def _topic(self, topic: str) -> asyncio.Event:
        return self._topics.setdefault(topic, asyncio.Event())
