"""Runs kinds of jobs without a server."""

from sent_server.bus import LocalBus
from sent_server.db import Database
from sent_server.jobs import Kind, Runner
from sent_server.kernel.clock import Clock


async def run_due(database: Database, clock: Clock, *kinds: Kind) -> bool:
    """One step of each kind, in order. Returns whether any had work."""
    bus = LocalBus()
    busy = [await Runner(kind, database, clock, bus).step() for kind in kinds]
    return any(busy)
