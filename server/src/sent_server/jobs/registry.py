"""All kinds of jobs of this installation, so that a startup releases the leases of each kind."""

from collections.abc import Iterable

import structlog

from sent_server.bus import Bus
from sent_server.db import Database, Tx
from sent_server.jobs import store
from sent_server.jobs.kinds import Kind
from sent_server.jobs.runner import Runner
from sent_server.kernel.clock import Clock

log = structlog.get_logger()


class Registry:
    """The kinds by name. Raises ValueError if two kinds have the same name."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.kinds: dict[str, Kind] = {}
        for kind in kinds:
            if kind.name in self.kinds:
                raise ValueError(f"two kinds of job are called {kind.name!r}")
            self.kinds[kind.name] = kind

    def runners(self, database: Database, clock: Clock, bus: Bus) -> list[Runner]:
        """A runner for each kind that has a step."""
        return [Runner(kind, database, clock, bus) for kind in self.kinds.values() if kind.step is not None]

    async def release_all(self, tx: Tx, *, now_ms: int) -> None:
        """Release the leases of a killed process. Only for a process that is alone (startup on SQLite).

        A kind whose step stays in one transaction has no leases, and its deferred jobs must not become due early.
        """
        for kind in self.kinds.values():
            if kind.is_leased_across_commits:
                await store.release_all(tx, kind.name, now_ms=now_ms, lease_ms=kind.lease_ms)
        for name in await store.kinds(tx):
            if name not in self.kinds:
                log.warning("jobs.kind_unknown", kind=name)
