"""The open attempts of a process, each a task of its own."""

import asyncio
from collections.abc import Coroutine


class OpenAttempts:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, attempt: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(attempt)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, *, within_s: float) -> None:
        """Let those end that end soon, and cancel the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
