"""The offset of the platform's clock as a row, so that all processes use the same one."""

from sent_server.db import metadata
from sent_server.db.database import Tx
from sent_server.errors import ApiError
from sent_server.kernel.clock import SystemClock

NAME = "clock_offset_ms"  # also the topic that notifies other processes
MAX_OFFSET_MS = 3_653 * 86_400_000  # ten years


async def offset_ms(tx: Tx) -> int:
    return int(await metadata.read(tx, NAME) or 0)


async def hold(tx: Tx) -> None:
    """Lock the clock until the end of the transaction, against moves and against checks whether a move is allowed."""
    await metadata.lock_number(tx, NAME)


async def catch_up(tx: Tx, clock: SystemClock) -> None:
    """Apply the stored offset to this process's clock."""
    follow(clock, await offset_ms(tx))


async def advance(tx: Tx, advance_ms: int) -> int:
    """Returns the new offset. Clocks follow once it is committed. Raises VALIDATION_005 beyond ten years."""
    moved_ms = await metadata.add(tx, NAME, advance_ms)
    if moved_ms > MAX_OFFSET_MS:
        message = f"The clock may be moved by at most {MAX_OFFSET_MS} ms in all"
        raise ApiError("VALIDATION_005", details={"advance_ms": [message]})
    return moved_ms


def follow(clock: SystemClock, offset_ms: int) -> None:
    """Set the clock's offset, which never decreases."""
    clock.offset_ms = max(clock.offset_ms, offset_ms)
