"""Recording what has already happened outside, though the database is down for a while.

What a carrier or a receiver answered is known here and nowhere else. Forgotten, it would be asked for again: a second
SMS on somebody's phone for every message that was on its way when PostgreSQL restarted.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sent_server.db.errors import StorageUnavailableError

T = TypeVar("T")
# Shorter than the pause of workers that claim: a process with an answer should be back before its lease ends.
PAUSE_S = 0.1
PATIENCE_S = 600


async def write_with_retry(write: Callable[[], Awaitable[T]]) -> T:
    """Repeat `write` until the database takes it. Raises StorageUnavailableError after 10 minutes.

    It may run after a commit whose answer was lost, and must then change nothing.
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
