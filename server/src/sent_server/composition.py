"""Builds the parts from the settings: opens the database, the bus and the cache, and creates shared objects."""

import contextlib
from enum import StrEnum
from pathlib import Path

from sent_server import installation
from sent_server.accounts import service as accounts
from sent_server.bus import LocalBus, open_bus
from sent_server.bus.nats import NatsBus
from sent_server.carriers.base import Carrier
from sent_server.carriers.simulator.adapter import Simulator
from sent_server.carriers.simulator.lookup import SimulatedLookup
from sent_server.carriers.simulator.network import PhoneNetwork
from sent_server.carriers.simulator.reach import SimulatedReach
from sent_server.db import migrate, virtual_clock
from sent_server.db.open import open_database
from sent_server.db.sqlite import SqliteDatabase
from sent_server.egress import Egress, NameServerError, UrlRules
from sent_server.http.authentication import Authenticator
from sent_server.http.endpoint import Shared
from sent_server.http.execute import Executor
from sent_server.http.idempotency import Idempotency, InFlight
from sent_server.http.limits import Limiter, RateLimiter
from sent_server.http.shared_limits import SharedLimiter
from sent_server.kernel.clock import SystemClock
from sent_server.parts import Parts
from sent_server.ports import mailers
from sent_server.ports.simulated_payment import SimulatedProcessor
from sent_server.ports.simulated_provisioning import SimulatedProvisioner
from sent_server.ports.simulated_registry import SimulatedRegistry
from sent_server.ports.simulated_review import SimulatedReviewer
from sent_server.settings import Settings, SettingsError


class ProcessRole(StrEnum):
    """The part of the work that a process does.

    `ALL` and `COMMAND` also create the master key and migrate the schema. A command needs neither bus nor cache.
    """

    ALL = "up"
    API = "api"
    WORKER = "worker"
    COMMAND = "command"

    @property
    def owns_installation(self) -> bool:
        return self in (ProcessRole.ALL, ProcessRole.COMMAND)


async def open_parts(settings: Settings, role: ProcessRole) -> tuple[Parts, contextlib.AsyncExitStack]:
    """Open everything. Returns the parts, and the stack that closes them.

    Raises storage, bus, cache and settings errors. `sent api` and `sent worker` require an up-to-date schema.
    """
    async with contextlib.AsyncExitStack() as undo:
        database = await open_database(
            settings.database_url or f"sqlite:///{Path(settings.home).resolve() / 'sent.db'}",
            connections=settings.database_connections,
        )
        undo.push_async_callback(database.close)
        await (migrate.apply if role.owns_installation else migrate.require)(database)
        sealer = await installation.open_sealer(database, settings, may_make=role.owns_installation)
        bus: LocalBus | NatsBus = LocalBus()
        limiter: Limiter = RateLimiter()
        if role is not ProcessRole.COMMAND:
            name = await installation.identify(database)
            bus = await open_bus(settings.bus_url, installation=name)
            undo.push_async_callback(bus.close)
            if settings.cache_url and role is not ProcessRole.WORKER:
                limiter = await SharedLimiter.connect(settings.cache_url, installation=name)
                undo.push_async_callback(limiter.close)
        egress = _egress(settings)
        undo.push_async_callback(egress.close)
        clock = SystemClock()
        await database.read(lambda tx: virtual_clock.catch_up(tx, clock))
        own_url = f"http://{settings.host}:{settings.port}"
        doc_url_base = settings.doc_url_base or f"{own_url}/errors"
        executor = Executor(database, Idempotency(sealer, doc_url_base), InFlight())
        authenticator = Authenticator(database, accounts.find_caller)
        simulator: Carrier = Simulator(
            PhoneNetwork(database, clock, bus), settings.simulator_messages_per_second or None
        )
        parts = Parts(
            settings=settings,
            database=database,
            clock=clock,
            bus=bus,
            egress=egress,
            urls=UrlRules(egress.guard, settings.webhook_require_https),
            sealer=sealer,
            mailer=mailers.chosen(settings),
            lookup=SimulatedLookup(),
            reach=SimulatedReach(),
            registry=SimulatedRegistry(),
            provisioner=SimulatedProvisioner(),
            reviewer=SimulatedReviewer(),
            processor=SimulatedProcessor(),
            carriers=[simulator],
            receipt_timeouts_ms={simulator.name: settings.simulator_receipt_timeout_ms},
            shared=Shared(clock, authenticator, limiter, executor, doc_url_base),
            base_url=settings.public_url.rstrip("/") or own_url,
            doc_url_base=doc_url_base,
            alone=isinstance(database, SqliteDatabase),
            moves_clock=role is ProcessRole.ALL,
        )
        return parts, undo.pop_all()


def _egress(settings: Settings) -> Egress:
    loopback = settings.egress_allow_loopback and settings.listens_on_loopback
    name_servers = [name.strip() for name in settings.egress_name_servers.split(",") if name.strip()]
    try:
        egress = Egress(allow_loopback=loopback, name_servers=name_servers)
    except NameServerError as error:
        raise SettingsError(f"SENT_EGRESS_NAME_SERVERS: {error}") from error
    egress.forbid_port(settings.port)
    return egress
