"""The inputs and outputs of slices: `install(parts)` of each slice returns an `Installed`.

The application combines the results and depends on no particular route, kind of job or chore.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import ASGIApp

from sent_server.bus import Bus
from sent_server.carriers.base import Carrier
from sent_server.db import Database, Tx
from sent_server.egress import Egress, UrlRules
from sent_server.http.endpoint import Shared
from sent_server.http.route import Route
from sent_server.jobs import Kind, Worker
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.sealing import Sealer
from sent_server.ports.lookup import Lookup
from sent_server.ports.mail import Mailer
from sent_server.ports.payment import PaymentProcessor
from sent_server.ports.provisioning import Provisioner
from sent_server.ports.reach import Reach
from sent_server.ports.registry import Registry
from sent_server.ports.review import Reviewer
from sent_server.settings import Settings

# Deletes expired data: (tx, now_ms) -> ignored result.
Chore = Callable[[Tx, int], Awaitable[object]]


class Service(Protocol):
    """Background work with an engine of its own, in worker processes."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Claim nothing more, and record the work in progress."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The shared objects of a process, one of each.

    `alone`: no other process uses this database (SQLite). `moves_clock`: this process may serve `POST /sim/clock`.
    `receipt_timeouts_ms` has the carriers, by name, whose timeout differs from the settings.
    `base_url` is the public address of this server, and `doc_url_base` that of the pages on error codes.
    """

    settings: Settings
    database: Database
    clock: SystemClock
    bus: Bus
    egress: Egress
    urls: UrlRules
    sealer: Sealer
    mailer: Mailer
    lookup: Lookup
    reach: Reach
    registry: Registry
    provisioner: Provisioner
    reviewer: Reviewer
    processor: PaymentProcessor
    carriers: Sequence[Carrier]
    receipt_timeouts_ms: Mapping[str, int]
    shared: Shared
    base_url: str
    doc_url_base: str
    alone: bool
    moves_clock: bool

    def forget_callers(self) -> None:
        """Clear this process's caches of keys and accounts, because a change may revoke their rights."""
        self.shared.authenticator.forget_all()


@dataclass(frozen=True, slots=True)
class Installed:
    """The contributions of a slice to the application.

    `routes` require a key. `mounts` are applications by path without authentication.
    `kinds` of jobs, `services` and `chores` run in workers, `followers` in every process that serves or works.
    """

    routes: Sequence[Route] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict[str, ASGIApp])
    kinds: Sequence[Kind] = ()
    services: Sequence[Service] = ()
    chores: Sequence[Chore] = ()
    followers: Sequence[Worker] = ()


Install = Callable[[Parts], Installed]
