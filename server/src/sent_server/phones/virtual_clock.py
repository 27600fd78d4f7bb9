"""The platform's clock as a row, so that all processes agree on how far it has been moved."""

from sent_server.db import Tx
from sent_server.db.database import fetch_one
from sent_server.errors import ApiError
from sent_server.kernel.clock import SystemClock

NAME = "clock_offset_ms"  # also the topic that tells other processes
MAX_OFFSET_MS = 3_653 * 86_400_000  # ten years
READ = """
    SELECT content FROM settings_kept
    WHERE name = :name
"""
# Locks the row of the clock (on PostgreSQL) until the end of the transaction, and makes it if need be.
HOLD = """
    INSERT INTO settings_kept (name, content)
    VALUES (:name, '0')
    ON CONFLICT (name) DO UPDATE
    SET content = settings_kept.content
"""
ADVANCE = """
    INSERT INTO settings_kept (name, content)
    VALUES (:name, :advance_ms)
    ON CONFLICT (name) DO UPDATE
    SET content = CAST(CAST(settings_kept.content AS BIGINT) + CAST(excluded.content AS BIGINT) AS TEXT)
    RETURNING content
"""


async def offset_ms(tx: Tx) -> int:
    row = await fetch_one(tx, READ, name=NAME)
    return int(row[0]) if row else 0


async def hold(tx: Tx) -> None:
    """Until the transaction ends nobody moves the clock, nor decides whether it may be moved."""
    await tx.execute(HOLD, name=NAME)


async def catch_up(tx: Tx, clock: SystemClock) -> None:
    """Take over what any process has written."""
    follow(clock, await offset_ms(tx))


async def advance(tx: Tx, advance_ms: int) -> int:
    """Returns the new offset; clocks follow once it is committed. Raises VALIDATION_005 beyond ten years."""
    rows = await tx.fetch(ADVANCE, name=NAME, advance_ms=str(advance_ms))
    moved_ms = int(rows[0][0])
    if moved_ms > MAX_OFFSET_MS:
        message = f"The clock may be moved by at most {MAX_OFFSET_MS} ms in all"
        raise ApiError("VALIDATION_005", details={"advance_ms": [message]})
    return moved_ms


def follow(clock: SystemClock, offset_ms: int) -> None:
    """Time only goes forward."""
    clock.offset_ms = max(clock.offset_ms, offset_ms)
