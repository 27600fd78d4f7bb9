"""A loop that runs steps until nothing is due, then waits for a hint or the poll interval."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from sent_server.bus import Bus
from sent_server.db import StorageUnavailableError

log = structlog.get_logger()
POLL_MS = 250
CRASH_BACKOFF_MS = 500
STOP_WITHIN_S = 5


class Worker:
    """`step` processes one batch and returns whether there was work. An exception pauses the loop but never ends it.

    A database outage is logged once, and its end once. Any other exception is a bug and is logged each time.

    `batch_delay_ms` is a delay after each batch: under load the next batch is larger, and larger batches are cheaper.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        step: Callable[[], Awaitable[bool]],
        *,
        poll_ms: int = POLL_MS,
        batch_delay_ms: int = 0,
    ) -> None:
        self.name = name
        self._bus = bus
        self._step = step
        self._poll_ms = poll_ms
        self._batch_delay_ms = batch_delay_ms
        self._task: asyncio.Task[None] | None = None
        self._is_idle = False
        self._stopping = False
        self._storage_down = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Finish the current step, so that its claimed jobs do not wait for their leases to expire."""
        self._stopping = True
        if self._task is None:
            return
        if not self._is_idle:
            await asyncio.wait({self._task}, timeout=STOP_WITHIN_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                busy = await self._step()
                self._note_storage(None)
            except StorageUnavailableError as error:
                self._note_storage(error)
                await self._idle(asyncio.sleep(CRASH_BACKOFF_MS / 1000))
                continue
            except Exception:
                log.exception("worker.crashed", worker=self.name)
                await self._idle(asyncio.sleep(CRASH_BACKOFF_MS / 1000))
                continue
            if self._stopping:
                return
            if busy:
                await self._idle(asyncio.sleep(self._batch_delay_ms / 1000))
            else:
                await self._idle(self._bus.wait(self.name, timeout_ms=self._poll_ms))

    def _note_storage(self, error: StorageUnavailableError | None) -> None:
        if error and not self._storage_down:
            log.warning("worker.database_down", worker=self.name, error=str(error))
        elif self._storage_down and not error:
            log.warning("worker.database_back", worker=self.name)
        self._storage_down = error is not None

    async def _idle(self, pause: Awaitable[None]) -> None:
        self._is_idle = True
        await pause
        self._is_idle = False
