"""Installs the routes of simulated handsets, and the movable clock."""

from sent_server.db import virtual_clock
from sent_server.jobs import Worker
from sent_server.parts import Installed, Parts
from sent_server.phones import api

CLOCK_POLL_MS = 1_000


def install(parts: Parts) -> Installed:
    async def follow_clock() -> bool:
        await parts.database.read(lambda tx: virtual_clock.catch_up(tx, parts.clock))
        return False

    return Installed(
        routes=api.routes(parts.clock, parts.bus, reach=parts.reach, moves_clock=parts.moves_clock),
        followers=[Worker(virtual_clock.NAME, parts.bus, follow_clock, poll_ms=CLOCK_POLL_MS)],
    )
