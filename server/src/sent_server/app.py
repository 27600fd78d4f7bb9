"""The application: a list of slices, assembled and run."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from sent_server import composition
from sent_server.accounts import install as accounts
from sent_server.channels import install as channels
from sent_server.compliance import install as compliance
from sent_server.composition import ProcessRole
from sent_server.contacts import install as contacts
from sent_server.conversations import install as conversations
from sent_server.dashboard import install as dashboard
from sent_server.db import Tx
from sent_server.delivery import install as delivery
from sent_server.health import HealthState, ProcessHealth
from sent_server.housekeeping import Housekeeping
from sent_server.http import router
from sent_server.http.route import Route
from sent_server.jobs import Registry, Runner, Worker, lease_store
from sent_server.mail import install as mail
from sent_server.messages import install as messages
from sent_server.numbers import install as numbers
from sent_server.parts import Install, Installed, Parts, Service
from sent_server.phones import install as phones
from sent_server.profiles import install as profiles
from sent_server.reference import install as reference
from sent_server.settings import Settings
from sent_server.templates import install as templates
from sent_server.users import install as users
from sent_server.webhooks import install as webhooks

SLICES: Sequence[Install] = (
    messages.install,
    conversations.install,
    delivery.install,
    accounts.install,
    contacts.install,
    profiles.install,
    compliance.install,
    channels.install,
    templates.install,
    webhooks.install,
    phones.install,
    numbers.install,
    users.install,
    mail.install,
    reference.install,
)


@dataclass(slots=True)
class Platform:
    """All parts of a running server. Call `open`, then `start`, and `close` at the end."""

    parts: Parts
    role: ProcessRole
    health: ProcessHealth
    asgi: ASGIApp
    kinds: Registry
    _slices: Sequence[Installed]
    _closing: contextlib.AsyncExitStack
    _housekeeping: Housekeeping
    _running: list[Worker | Runner | Service] = field(default_factory=list[Worker | Runner | Service])
    _ending: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings, role: ProcessRole = ProcessRole.ALL) -> "Platform":
        """Open the database, the bus and the cache, and build the application.

        Raises storage, bus, cache and settings errors. `sent api` and `sent worker` require an up-to-date schema.
        """
        parts, closing = await composition.open_parts(settings, role)
        async with closing:
            slices = [install(parts) for install in SLICES]
            # Last, because its pages run the operations of all others.
            slices.append(dashboard.install(parts, [route for one in slices for route in one.routes]))
            health = ProcessHealth(parts.database, parts.shared.limiter)
            serves = role is not ProcessRole.WORKER
            return cls(
                parts=parts,
                role=role,
                health=health,
                asgi=router.build(
                    [route for one in slices for route in one.routes] if serves else (),
                    health.open_paths(),
                    parts.shared,
                    {path: app for one in slices for path, app in one.mounts.items()} if serves else {},
                ),
                kinds=Registry(kind for one in slices for kind in one.kinds),
                _slices=slices,
                _closing=closing.pop_all(),
                _housekeeping=Housekeeping(
                    parts.database, parts.clock, parts.bus, [chore for one in slices for chore in one.chores]
                ),
            )

    @property
    def routes(self) -> list[Route]:
        """The operations that require a key."""
        return [route for one in self._slices for route in one.routes]

    async def start(self, *, works: bool = True) -> None:
        """Start the background work, unless `works` is False.

        On SQLite this process is alone, so it takes over all leases of a dead process.
        """
        parts = self.parts
        if parts.alone:
            await parts.database.write(self._release_leases)
        if works:
            self._start(follower for one in self._slices for follower in one.followers)
            if self.role is not ProcessRole.API:
                await self._start_work()
        self.health.state = HealthState.READY

    async def _start_work(self) -> None:
        for service in (service for one in self._slices for service in one.services):
            self._running.append(service)
            await service.start()
        parts = self.parts
        self._start([*self.kinds.runners(parts.database, parts.clock, parts.bus), self._housekeeping.worker])

    def _start(self, workers: Iterable[Worker | Runner]) -> None:
        for worker in workers:
            worker.start()
            self._running.append(worker)

    async def close(self) -> None:
        """Stop all work, record the work in progress, and always close the database."""
        self.health.state = HealthState.DRAINING
        async with self._closing:
            await self.end_work()

    def end_work(self) -> asyncio.Task[None]:
        """Stop claiming work. The returned task ends when the claimed work is recorded. Requests continue."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._stop_work(), name="end-work")
        return self._ending

    async def _stop_work(self) -> None:
        # All at the same time, so that no part claims work while another one finishes.
        await asyncio.gather(*(part.stop() for part in self._running))
        await self._housekeeping.release()

    async def _release_leases(self, tx: Tx) -> None:
        await lease_store.drop_all(tx)
        await self.kinds.release_all(tx, now_ms=self.parts.clock.now_ms())
