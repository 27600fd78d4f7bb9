"""Operations on the simulation of the installation. /sim has those of one account."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.accounts import OperatorError
from sent_server.cli.operations.operator import Operator
from sent_server.db import Tx, virtual_clock
from sent_server.phones import wire

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]{1,15})(ms|s|m|h|d)", re.ASCII)


def duration_ms(text: str) -> int | None:
    """Parses `90s`, `2h`, `8d` or `1500ms`. Returns None for other forms."""
    match = _DURATION.fullmatch(text)
    return int(match[1]) * UNITS_MS[match[2]] if match else None


async def show_clock(tx: Tx, operator: Operator) -> Any:
    return wire.clock(operator.clock.now_ms(), await virtual_clock.offset_ms(tx))


async def advance_clock(tx: Tx, operator: Operator, *, by: str) -> Any:
    advance_ms = duration_ms(by)
    if advance_ms is None or not 1 <= advance_ms <= wire.MAX_ADVANCE_MS:
        raise OperatorError(f"{by!r} is not a duration; write 1500ms, 90s, 5m, 2h or up to 366d")
    offset_ms = await virtual_clock.advance(tx, advance_ms)
    tx.after_commit(lambda: virtual_clock.follow(operator.clock, offset_ms))
    tx.after_commit(lambda: operator.bus.hint(virtual_clock.NAME))
    return wire.clock(operator.clock.wall_ms() + offset_ms, offset_ms)


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "sim clock show": show_clock,
    "sim clock advance": advance_clock,
}
