"""Ends sessions whose client stopped in the middle of a command, so that they release their locks.

PostgreSQL limits how long a session may be idle in a transaction, but not how long it may wait between the parts of one
command. A process that freezes there (a paused machine, a cut cable) would keep its row locks until it continues.
Therefore every process looks for such sessions of this installation and terminates them.
"""

import asyncio
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import structlog

EVERY_S = 2.5
# `active` with `ClientRead`: the server has executed a part of a command and waits for the next one.
TERMINATE = """
    SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND application_name = $1
        AND state = 'active' AND wait_event = 'ClientRead' AND xact_start IS NOT NULL
        AND state_change < clock_timestamp() - $2::bigint * INTERVAL '1 millisecond'
        AND pid <> pg_backend_pid()
"""

log = structlog.get_logger()


async def terminate(connection: Any, application_name: str, after_ms: int) -> int:
    """Terminate the sessions that have waited this long. Returns their number. Raises errors of asyncpg."""
    ended = await connection.fetch(TERMINATE, application_name, after_ms)
    for pid, _ in ended:
        log.warning("database.stalled_session_ended", pid=pid)
    return len(ended)


async def watch(pool: Any, application_name: str, after_ms: int) -> None:
    """Repeat `terminate` until cancelled. An outage of the database is reported by the work that needs it."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            async with pool.acquire(timeout=EVERY_S) as connection:
                await terminate(connection, application_name, after_ms)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, RuntimeError):
            continue
