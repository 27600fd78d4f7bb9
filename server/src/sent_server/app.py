"""The composition root: the only place that builds the database, the bus and the carriers, and mounts routes."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from starlette.types import ASGIApp

from sent_server import housekeeping, installation, jobs, mail
from sent_server.accounts import api as accounts_api
from sent_server.accounts import service as accounts
from sent_server.bus import LocalBus, open_bus
from sent_server.bus.nats import NatsBus
from sent_server.carriers.base import Carrier
from sent_server.carriers.simulator.adapter import NAME as SIMULATOR
from sent_server.carriers.simulator.adapter import Simulator
from sent_server.carriers.simulator.lookup import SimulatedLookup
from sent_server.carriers.simulator.network import PhoneNetwork
from sent_server.carriers.simulator.reach import SimulatedReach
from sent_server.compliance import api as compliance_api
from sent_server.compliance import filing
from sent_server.contacts import api as contacts_api
from sent_server.db import Tx, migrate, virtual_clock
from sent_server.db.open import open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.delivery import prepare
from sent_server.delivery.dispatch import Dispatcher
from sent_server.delivery.inbox import DurableInbox
from sent_server.delivery.message_updates import RECEIPT_TIMEOUT
from sent_server.delivery.timeouts import Timeouts
from sent_server.egress import Egress, NameServerError, UrlRules
from sent_server.health import HealthState, ProcessHealth
from sent_server.http import router
from sent_server.http.authentication import Authenticator
from sent_server.http.endpoint import Shared
from sent_server.http.execute import Executor
from sent_server.http.idempotency import Idempotency, InFlight
from sent_server.http.limits import Limiter, RateLimiter
from sent_server.http.route import Route
from sent_server.http.shared_limits import SharedLimiter
from sent_server.jobs import Worker, lease_store
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.sealing import Sealer
from sent_server.messages import api as messages_api
from sent_server.messages.accept import DISPATCH, AcceptMessages
from sent_server.numbers import api as numbers_api
from sent_server.numbers.service import Numbers
from sent_server.phones import api as phones_api
from sent_server.ports import mailers
from sent_server.ports.mail import Mailer
from sent_server.ports.reach import Reach
from sent_server.ports.simulated_payment import SimulatedProcessor
from sent_server.pricing import card as rate_cards
from sent_server.pricing.card import RateCard
from sent_server.profiles import api as profiles_api
from sent_server.profiles import completion
from sent_server.profiles.service import ProfileRules as ProfileRules
from sent_server.reference import mounts as reference
from sent_server.settings import Settings, SettingsError
from sent_server.templates import api as templates_api
from sent_server.templates import review
from sent_server.users import api as users_api
from sent_server.users import invitation_api
from sent_server.users.invitations import Invitations
from sent_server.webhooks import api as webhooks_api
from sent_server.webhooks.attempt import Clocks
from sent_server.webhooks.claims import TargetResolver
from sent_server.webhooks.sender import Sender
from sent_server.webhooks.service import WebhookRules

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
CLOCK_POLL_MS = 1_000
BATCH_DELAY_MS = 10
AnyDatabase = SqliteDatabase | PostgresDatabase
AnyBus = LocalBus | NatsBus


class ProcessRole(StrEnum):
    """Which part of the work a process does.

    `ALL` and `COMMAND` also look after the installation: schema and master key. A command needs neither bus nor cache.
    """

    ALL = "up"
    API = "api"
    WORKER = "worker"
    COMMAND = "command"


@dataclass(slots=True)
class Platform:
    """Everything a running server is made of: `open`, then `start`; `close` at the end."""

    settings: Settings
    role: ProcessRole
    clock: SystemClock
    database: AnyDatabase
    sealer: Sealer
    authenticator: Authenticator
    bus: AnyBus
    limiter: Limiter
    health: ProcessHealth
    egress: Egress
    carriers: Sequence[Carrier]
    reach: Reach
    routes: Sequence[Route]
    asgi: ASGIApp
    doc_url_base: str
    office: Invitations
    mailer: Mailer
    _dispatchers: list[Dispatcher] = field(default_factory=list[Dispatcher])
    _workers: list[Worker] = field(default_factory=list[Worker])
    _sender: Sender | None = None
    _keeper: housekeeping.Housekeeping | None = None
    _ending: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings, role: ProcessRole = ProcessRole.ALL) -> "Platform":
        """Open the database, the bus and the cache, and build the application.

        Raises storage, bus, cache and settings errors. `sent api` and `sent worker` want the schema up to date.
        """
        home, keeps_house = Path(settings.home), role in (ProcessRole.ALL, ProcessRole.COMMAND)
        async with contextlib.AsyncExitStack() as undo:
            database = await open_database(
                settings.database_url or f"sqlite:///{home.resolve() / 'sent.db'}",
                connections=settings.database_connections,
            )
            undo.push_async_callback(database.close)
            await (migrate.apply if keeps_house else migrate.require)(database)
            sealer = await installation.open_sealer(database, settings, may_make=keeps_house)
            bus: AnyBus = LocalBus()
            limiter: Limiter = RateLimiter()
            if role is not ProcessRole.COMMAND:
                name = await installation.identify(database)
                bus = await open_bus(settings.bus_url, installation=name)
                undo.push_async_callback(bus.close)
                if settings.cache_url and role is not ProcessRole.WORKER:
                    limiter = await SharedLimiter.connect(settings.cache_url, installation=name)
                    undo.push_async_callback(limiter.close)
            platform = await _build(cls, settings, role, database, sealer, bus, limiter)
            undo.pop_all()
        return platform

    async def start(self) -> None:
        """Start the workers. On SQLite this process is alone, so it takes over every lease of a dead one."""
        alone = isinstance(self.database, SqliteDatabase)
        if alone:
            await self.database.write(self._release_leases)
        if os.environ.get("SENT_BENCH_NO_WORKERS"):
            self.health.state = HealthState.READY
            return
        self._workers.append(Worker(virtual_clock.NAME, self.bus, self._follow_clock, poll_ms=CLOCK_POLL_MS))
        if self.role is not ProcessRole.API:
            await self._start_work(alone=alone)
        for worker in self._workers:
            worker.start()
        self.health.state = HealthState.READY

    async def _start_work(self, *, alone: bool) -> None:
        inbox = DurableInbox(self.database, self.clock, self.bus, self.reach, self.settings.sms_max_parts)
        for carrier in self.carriers:
            await carrier.start(inbox)
            timeout_ms = (
                self.settings.simulator_receipt_timeout_ms
                if carrier.name == SIMULATOR
                else self.settings.receipt_timeout_ms
            )
            dispatcher = Dispatcher(self.database, self.clock, self.bus, carrier, timeout_ms)
            self._dispatchers.append(dispatcher)
            self._workers.append(
                Worker(DISPATCH + carrier.name, self.bus, dispatcher.step, batch_delay_ms=BATCH_DELAY_MS)
            )
        self._workers += self._timers()
        self._sender = _sender(self)
        if alone:
            await self._sender.recover()
        self._sender.start()

    async def close(self) -> None:
        """Stop what runs, let what is under way be written down, and close the database, whatever else fails."""
        self.health.state = HealthState.DRAINING
        async with contextlib.AsyncExitStack() as closing:
            for part in (self.database, self.bus, self.limiter, self.egress):
                closing.push_async_callback(part.close)
            await self.end_work()

    def end_work(self) -> asyncio.Task[None]:
        """Claim nothing more from now on; the task ends when what was claimed is written down. Requests go on."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._stop_work(), name="end-work")
        return self._ending

    async def _stop_work(self) -> None:
        # All at once: what one part still finishes must not let another one claim meanwhile.
        sender = [self._sender.stop()] if self._sender else []
        await asyncio.gather(self._stop_dispatch(), *sender)
        if self._keeper:
            await self._keeper.stop()

    async def _stop_dispatch(self) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for dispatcher in self._dispatchers:
            await dispatcher.stop()
        for carrier in self.carriers:
            await carrier.stop()

    def _timers(self) -> list[Worker]:
        database, clock, bus = self.database, self.clock, self.bus
        chores = [
            housekeeping.forget_keys,
            housekeeping.forget_receipts(self.settings.receipt_retention_ms),
            housekeeping.forget_mails(self.settings.mail_retention_ms),
        ]
        self._keeper = keeper = housekeeping.Housekeeping(database, clock, chores)

        async def review_templates() -> bool:
            return await review.step(database, clock)

        async def complete_profiles() -> bool:
            return await completion.complete_step(database, clock, bus)

        async def review_profiles() -> bool:
            return await completion.review_step(database, clock)

        async def ask_registry() -> bool:
            return await filing.step(database, clock)

        async def send_mails() -> bool:
            return await mail.step(database, clock, self.sealer, self.mailer)

        return [
            Worker(mail.KIND, bus, send_mails),
            Worker(RECEIPT_TIMEOUT, bus, Timeouts(database, clock, bus).step),
            Worker(review.KIND, bus, review_templates),
            Worker("registry", bus, ask_registry),
            Worker(completion.KIND, bus, complete_profiles),
            Worker(completion.REVIEW, bus, review_profiles),
            Worker("housekeeping", bus, keeper.step, poll_ms=housekeeping.EVERY_MS),
        ]

    async def _follow_clock(self) -> bool:
        await self.database.read(lambda tx: virtual_clock.catch_up(tx, self.clock))
        return False

    async def _release_leases(self, tx: Tx) -> None:
        await lease_store.drop_all(tx)
        now_ms = self.clock.now_ms()
        for carrier in self.carriers:
            await jobs.release_all(tx, DISPATCH + carrier.name, now_ms=now_ms, lease_ms=prepare.LEASE_MS)
        await jobs.release_all(tx, review.KIND, now_ms=now_ms, lease_ms=review.LEASE_MS)
        for kind in filing.KINDS:
            await jobs.release_all(tx, kind, now_ms=now_ms, lease_ms=filing.LEASE_MS)
        await jobs.release_all(tx, mail.KIND, now_ms=now_ms, lease_ms=mail.LEASE_MS)


async def _build(
    cls: type[Platform],
    settings: Settings,
    role: ProcessRole,
    database: AnyDatabase,
    sealer: Sealer,
    bus: AnyBus,
    limiter: Limiter,
) -> Platform:
    clock, health = SystemClock(), ProcessHealth(database, limiter)
    await database.read(lambda tx: virtual_clock.catch_up(tx, clock))
    loopback = settings.egress_allow_loopback and settings.host in LOOPBACK_HOSTS
    egress = _egress(settings, allow_loopback=loopback)
    egress.forbid_port(settings.port)
    doc_url_base = settings.doc_url_base or f"http://{settings.host}:{settings.port}/errors"
    reach: Reach = SimulatedReach()
    carriers: list[Carrier] = [
        Simulator(PhoneNetwork(database, clock, bus), settings.simulator_messages_per_second or None)
    ]
    urls = UrlRules(egress.guard, settings.webhook_require_https)
    rules = WebhookRules(sealer, settings.webhook_quota, urls)
    authenticator = Authenticator(database, accounts.find_caller)
    base_url = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    office = Invitations(sealer, base_url)
    routes: list[Route] = [
        *messages_api.routes(AcceptMessages(_rate_card(settings), bus, reach, settings.sms_max_parts), urls),
        *accounts_api.routes(quotas=_quotas(settings)),
        *contacts_api.routes(reach=reach, quota=settings.contact_quota),
        *profiles_api.routes(
            database=database,
            bus=bus,
            processor=SimulatedProcessor(),
            rules=ProfileRules(sealer, settings.profile_requires_whatsapp, settings.profile_quota, urls),
            forget_callers=authenticator.forget_all,
        ),
        *compliance_api.routes(),
        *templates_api.routes(quota=settings.template_quota),
        *webhooks_api.routes(
            database=database, egress=egress, clock=clock, rules=rules, clean_body=settings.webhook_clean_body
        ),
        *phones_api.routes(clock, bus, reach=reach, moves_clock=role is ProcessRole.ALL),
        *numbers_api.routes(Numbers(SimulatedLookup())),
        *users_api.routes(office, quota=settings.user_quota, forget=authenticator.forget_all),
    ]
    executor = Executor(database, Idempotency(sealer, doc_url_base), InFlight())
    shared = Shared(clock, authenticator, limiter, executor, doc_url_base)
    mounts = {**invitation_api.mounts(shared, database), **reference.mounts(shared, base_url=base_url)}
    if role is ProcessRole.WORKER:
        asgi = router.build((), health.open_paths(), shared, {})
    else:
        asgi = router.build(routes, health.open_paths(), shared, mounts)
    return cls(
        settings=settings,
        role=role,
        clock=clock,
        database=database,
        sealer=sealer,
        authenticator=authenticator,
        bus=bus,
        limiter=limiter,
        health=health,
        egress=egress,
        carriers=carriers,
        reach=reach,
        routes=routes,
        asgi=asgi,
        doc_url_base=doc_url_base,
        office=office,
        mailer=mailers.chosen(settings),
    )


def _egress(settings: Settings, *, allow_loopback: bool) -> Egress:
    name_servers = [name.strip() for name in settings.egress_name_servers.split(",") if name.strip()]
    try:
        return Egress(allow_loopback=allow_loopback, name_servers=name_servers)
    except NameServerError as error:
        raise SettingsError(f"SENT_EGRESS_NAME_SERVERS: {error}") from error


def _quotas(settings: Settings) -> dict[str, int]:
    return {
        "contacts": settings.contact_quota,
        "templates": settings.template_quota,
        "webhooks": settings.webhook_quota,
        "users": settings.user_quota,
        "profiles": settings.profile_quota,
    }


def _rate_card(settings: Settings) -> RateCard:
    if not settings.rate_card:
        return rate_cards.load()
    try:
        return rate_cards.read(Path(settings.rate_card))
    except rate_cards.CardError as error:
        raise SettingsError(f"SENT_RATE_CARD: {error}") from error


def _sender(platform: Platform) -> Sender:
    async def callback_secret(tx: Tx, customer_id: str) -> str:
        return await accounts.callback_secret(tx, platform.sealer, customer_id)

    return Sender(
        database=platform.database,
        bus=platform.bus,
        egress=platform.egress,
        book=TargetResolver(platform.sealer, callback_secret),
        clocks=Clocks(platform.clock.now_ms, platform.clock.wall_ms),
        clean_body=platform.settings.webhook_clean_body,
        log_kept_ms=platform.settings.webhook_log_retention_ms,
        alone=isinstance(platform.database, SqliteDatabase),
    )
