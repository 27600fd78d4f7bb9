"""What slices are made from, and what they give back: `install(parts)` of each slice returns an `Installed`.

The application puts the answers together and knows no route, kind of job or chore by name.
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
from sent_server.ports.reach import Reach
from sent_server.ports.registry import Registry
from sent_server.ports.review import Reviewer
from sent_server.settings import Settings

# Forgets what is no longer needed: (tx, now_ms) -> anything.
Chore = Callable[[Tx, int], Awaitable[object]]


class Service(Protocol):
    """Work that an engine of its own does beside requests, in the processes that work."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Claim nothing more, and let what has begun be recorded."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """One of each for the whole process.

    `alone`: no other process uses this database (SQLite). `moves_clock`: this process may serve `POST /sim/clock`.
    `receipt_timeouts_ms` has the carriers whose timeout is not that of the settings, by name.
    `base_url` is where people reach this server, and `doc_url_base` where the pages of error codes are.
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
        """Drop what this process remembers of keys and accounts, whose power a change may end."""
        self.shared.authenticator.forget_all()


@dataclass(frozen=True, slots=True)
class Installed:
    """What a slice adds to the application.

    `routes` need a key, `mounts` are applications by path that need none.
    `kinds` of jobs, `services` and `chores` run where work is done, `followers` in every process that serves or works.
    """

    routes: Sequence[Route] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict[str, ASGIApp])
    kinds: Sequence[Kind] = ()
    services: Sequence[Service] = ()
    chores: Sequence[Chore] = ()
    followers: Sequence[Worker] = ()


Install = Callable[[Parts], Installed]
