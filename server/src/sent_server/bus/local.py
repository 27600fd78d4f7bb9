"""Hints inside one process."""

import asyncio


class LocalBus:
    def __init__(self) -> None:
        self._topics: dict[str, asyncio.Event] = {}

    def hint(self, topic: str) -> None:
        """Wake whoever waits for the topic, or the next one to wait."""
        self._topic(topic).set()

    async def wait(self, topic: str, *, timeout_ms: int) -> None:
        """Return at the next hint, or after `timeout_ms` at the latest."""
        event = self._topic(topic)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    def _topic(self, topic: str) -> asyncio.Event:
        return self._topics.setdefault(topic, asyncio.Event())
