"""Retries a write of external results while the database is down.

The result of a submit or a webhook request exists only in this process. If it were lost, the request would be repeated:
a restart of PostgreSQL would send a second SMS for every submit in progress.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sent_server.db.errors import StorageUnavailableError

T = TypeVar("T")
# Shorter than the pause of workers that claim, so that a result is recorded before another worker takes its lease.
PAUSE_S = 0.1
PATIENCE_S = 600


async def write_with_retry(write: Callable[[], Awaitable[T]]) -> T:
    """Repeat `write` until it succeeds. Raises StorageUnavailableError after 10 minutes.

    `write` must be idempotent: it may run again after a commit whose response was lost.
    """
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + PATIENCE_S
    while True:
        try:
            return await write()
        except StorageUnavailableError:
            if loop.time() >= deadline_s:
                raise
        await asyncio.sleep(PAUSE_S)
