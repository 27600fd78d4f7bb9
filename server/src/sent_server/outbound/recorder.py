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
UNBOUNDED = 10**9
T = TypeVar("T")


class OutcomeRecorder(Generic[T]):
    """`write` commits a set of outcomes; it may run again after a commit whose answer was lost, and must then change
    nothing. `name` and `describe` are for the log: which engine it is, and which attempt an outcome belongs to.

    With one of the `writers` outcomes are written in the order in which they came. A set has at most `at_once`.
    `settled` is called whenever a set is no longer held.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[T]], Awaitable[None]],
        *,
        describe: Callable[[T], dict[str, str]],
        at_once: int = UNBOUNDED,
        writers: int = 1,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self._write = write
        self._describe = describe
        self._at_once = at_once
        self._max_writers = writers
        self._settled = settled
        self._waiting: list[T] = []
        self._writers: set[asyncio.Task[None]] = set()
        self._held = 0
        self._without_storage = 0

    @property
    def held(self) -> int:
        """Outcomes that are not written yet."""
        return self._held

    @property
    def storage_down(self) -> bool:
        """Whether outcomes wait for the database to come back."""
        return self._without_storage > 0

    def add(self, outcome: T) -> None:
        self._waiting.append(outcome)
        self._held += 1
        # Another writer helps when the waiting ones are more than the next one can take.
        if len(self._waiting) > self._at_once * len(self._writers) and len(self._writers) < self._max_writers:
            writer = asyncio.create_task(self._write_all(), name=f"{self._name}-record")
            self._writers.add(writer)

    async def stop(self, *, within_s: float) -> None:
        """Write the last ones, if the database takes them."""
        if self._writers:
            await asyncio.wait(self._writers, timeout=within_s)

    async def _write_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
            await self._write_set(together)
            self._held -= len(together)
            self._settled()
            if self._waiting:
                await asyncio.sleep(MOMENT_S)
        writer = asyncio.current_task()
        assert writer is not None
        self._writers.discard(writer)

    async def _write_set(self, together: Sequence[T]) -> None:
        try:
            await self._until_written(together)
        except StorageUnavailableError as error:
            log.error(f"{self._name}.outcomes_lost", count=len(together), error=str(error))
        except Exception:
            if len(together) == 1:
                # The lease gives it back: it is attempted twice rather than never.
                log.exception(f"{self._name}.outcome_lost", **self._describe(together[0]))
                return
            for outcome in together:  # one bad one must not take its neighbours along
                await self._write_set([outcome])

    async def _until_written(self, together: Sequence[T]) -> None:
        without_storage = False

        async def write() -> None:
            nonlocal without_storage
            try:
                await self._write(together)
            except StorageUnavailableError:
                if not without_storage:
                    without_storage = True
                    self._without_storage += 1
                raise

        try:
            await write_with_retry(write)
        finally:
            self._without_storage -= without_storage
