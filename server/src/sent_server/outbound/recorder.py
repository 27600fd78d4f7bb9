"""Writes down how attempts ended: everything of a moment in one transaction.

A moment is a few milliseconds. What a crash takes with it is attempted once more, as whatever was on its way then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from sent_server.db import StorageUnavailableError, write_with_retry

log = structlog.get_logger()
MOMENT_S = 0.01
T = TypeVar("T")


class OutcomeRecorder(Generic[T]):
    """`write` commits a set of outcomes; it may run again after a commit whose answer was lost, and must then change
    nothing. `name` and `describe` are for the log: which engine it is, and which attempt an outcome belongs to.
    """

    def __init__(
        self, name: str, write: Callable[[Sequence[T]], Awaitable[None]], *, describe: Callable[[T], dict[str, str]]
    ) -> None:
        self._name = name
        self._write = write
        self._describe = describe
        self._waiting: list[T] = []
        self._writing: asyncio.Task[None] | None = None
        self._held = 0

    @property
    def held(self) -> int:
        """Outcomes that are not written yet."""
        return self._held

    def add(self, outcome: T) -> None:
        self._waiting.append(outcome)
        self._held += 1
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name=f"{self._name}-record")

    async def stop(self, *, within_s: float) -> None:
        """Write the last ones, if the database takes them."""
        if self._writing:
            await asyncio.wait({self._writing}, timeout=within_s)

    async def _write_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            await self._write_set(together)
            self._held -= len(together)
            if self._held:
                await asyncio.sleep(MOMENT_S)
        self._writing = None

    async def _write_set(self, together: Sequence[T]) -> None:
        try:
            await write_with_retry(lambda: self._write(together))
        except StorageUnavailableError as error:
            log.error(f"{self._name}.outcomes_lost", count=len(together), error=str(error))
        except Exception:
            if len(together) == 1:
                # The lease gives it back: it is attempted twice rather than never.
                log.exception(f"{self._name}.outcome_lost", **self._describe(together[0]))
                return
            for outcome in together:  # one bad one must not take its neighbours along
                await self._write_set([outcome])
