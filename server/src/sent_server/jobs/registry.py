"""Every kind of job that this installation has, so that none is forgotten when a start takes over leases."""

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
    """The kinds by name. Raises ValueError for two of one name."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.kinds: dict[str, Kind] = {}
        for kind in kinds:
            if kind.name in self.kinds:
                raise ValueError(f"two kinds of job are called {kind.name!r}")
            self.kinds[kind.name] = kind

    def runners(self, database: Database, clock: Clock, bus: Bus) -> list[Runner]:
        """One for each kind that has a step."""
        return [Runner(kind, database, clock, bus) for kind in self.kinds.values() if kind.step is not None]

    async def release_all(self, tx: Tx, *, now_ms: int) -> None:
        """Give back the leases of a process that was killed. Only for one that is alone (start-up on SQLite).

        Kinds whose step stays in one transaction leave none, and a deferred job must not come early.
        """
        for kind in self.kinds.values():
            if kind.is_leased_across_commits:
                await store.release_all(tx, kind.name, now_ms=now_ms, lease_ms=kind.lease_ms)
        for name in await store.kinds(tx):
            if name not in self.kinds:
                log.warning("jobs.kind_unknown", kind=name)
