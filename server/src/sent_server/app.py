"""The composition root: the only place that builds the database, the bus and the carriers, and mounts routes."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from sent_server import housekeeping, jobs
from sent_server.accounts import api as accounts_api
from sent_server.accounts import service as accounts
from sent_server.bus import LocalBus
from sent_server.carriers.base import Carrier
from sent_server.carriers.simulator.adapter import NAME as SIMULATOR
from sent_server.carriers.simulator.adapter import Simulator
from sent_server.contacts import api as contacts_api
from sent_server.db import Tx, migrate
from sent_server.db.open import open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.delivery import prepare
from sent_server.delivery.changes import RECEIPT_TIMEOUT
from sent_server.delivery.dispatch import Dispatcher
from sent_server.delivery.inbox import Inbox
from sent_server.delivery.timeouts import Timeouts
from sent_server.egress import Egress
from sent_server.http import router
from sent_server.http.authentication import Authenticator
from sent_server.http.endpoint import Shared
from sent_server.http.envelope import Reply
from sent_server.http.execute import Executor
from sent_server.http.idempotency import Idempotency, InFlight
from sent_server.http.limits import RateLimiter
from sent_server.http.route import Route
from sent_server.jobs import Worker
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.sealing import Sealer
from sent_server.messages import api as messages_api
from sent_server.messages.accept import DISPATCH, Desk
from sent_server.phones import api as phones_api
from sent_server.phones import virtual_clock
from sent_server.phones.network import PhoneNetwork
from sent_server.pricing import card as rate_cards
from sent_server.settings import Settings, SettingsError
from sent_server.templates import api as templates_api
from sent_server.templates import review
from sent_server.webhooks import api as webhooks_api
from sent_server.webhooks.claims import Book
from sent_server.webhooks.sender import Clocks, Sender
from sent_server.webhooks.service import Rules

MASTER_KEY_FILE = "master.key"
MASTER_KEY_BYTES = 32
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
CLOCK_POLL_MS = 1_000
BREATHER_MS = 10
AnyDatabase = SqliteDatabase | PostgresDatabase


@dataclass(slots=True)
class Platform:
    """Everything a running server is made of: `open`, then `start`; `close` at the end."""

    settings: Settings
    clock: SystemClock
    database: AnyDatabase
    sealer: Sealer
    authenticator: Authenticator
    bus: LocalBus
    egress: Egress
    carriers: Sequence[Carrier]
    routes: Sequence[Route]
    asgi: ASGIApp
    doc_url_base: str
    _dispatchers: list[Dispatcher] = field(default_factory=list[Dispatcher])
    _workers: list[Worker] = field(default_factory=list[Worker])
    _sender: Sender | None = None

    @classmethod
    async def open(cls, settings: Settings) -> "Platform":
        """Open and migrate the database and build the application. Raises storage and settings errors."""
        home = Path(settings.home)
        database = await open_database(settings.database_url or f"sqlite:///{home.resolve() / 'sent.db'}")
        try:
            await migrate.apply(database)
            return await _build(cls, settings, database, Sealer(_master_key(settings, home)))
        except BaseException:
            await database.close()
            raise

    async def start(self) -> None:
        """Start the workers. On SQLite this process is alone, so it takes over every lease of a dead one."""
        alone = isinstance(self.database, SqliteDatabase)
        if alone:
            await self.database.write(self._release_leases)
        if os.environ.get("SENT_BENCH_NO_WORKERS"):
            return
        inbox = Inbox(self.database, self.clock, self.bus)
        for carrier in self.carriers:
            await carrier.start(inbox)
            timeout_ms = (
                self.settings.simulator_receipt_timeout_ms
                if carrier.name == SIMULATOR
                else self.settings.receipt_timeout_ms
            )
            dispatcher = Dispatcher(self.database, self.clock, self.bus, carrier, timeout_ms)
            self._dispatchers.append(dispatcher)
            self._workers.append(Worker(DISPATCH + carrier.name, self.bus, dispatcher.step, breather_ms=BREATHER_MS))
        self._workers += self._timers()
        self._sender = _sender(self)
        if alone:
            await self._sender.recover()
        self._sender.start()
        for worker in self._workers:
            worker.start()

    async def close(self) -> None:
        """Stop what runs, let what is under way be written down, and close the database."""
        for worker in self._workers:
            await worker.stop()
        for dispatcher in self._dispatchers:
            await dispatcher.stop()
        for carrier in self.carriers:
            await carrier.stop()
        if self._sender:
            await self._sender.stop()
        await self.egress.close()
        await self.database.close()

    def _timers(self) -> list[Worker]:
        database, clock, bus = self.database, self.clock, self.bus
        chores = [housekeeping.forget_keys, housekeeping.forget_receipts(self.settings.receipt_retention_ms)]
        keeper = housekeeping.Housekeeping(database, clock, chores)

        async def follow_clock() -> bool:
            await database.read(lambda tx: virtual_clock.catch_up(tx, clock))
            return False

        async def review_templates() -> bool:
            return await review.step(database, clock)

        return [
            Worker(RECEIPT_TIMEOUT, bus, Timeouts(database, clock, bus).step),
            Worker(review.KIND, bus, review_templates),
            Worker("virtual_clock", bus, follow_clock, poll_ms=CLOCK_POLL_MS),
            Worker("housekeeping", bus, keeper.step, poll_ms=housekeeping.EVERY_MS),
        ]

    async def _release_leases(self, tx: Tx) -> None:
        now_ms = self.clock.now_ms()
        for carrier in self.carriers:
            await jobs.release_all(tx, DISPATCH + carrier.name, now_ms=now_ms, lease_ms=prepare.LEASE_MS)
        await jobs.release_all(tx, review.KIND, now_ms=now_ms, lease_ms=review.LEASE_MS)


async def _build(cls: type[Platform], settings: Settings, database: AnyDatabase, sealer: Sealer) -> Platform:
    clock, bus = SystemClock(), LocalBus()
    await database.read(lambda tx: virtual_clock.catch_up(tx, clock))
    loopback = settings.egress_allow_loopback and settings.host in LOOPBACK_HOSTS
    egress = Egress(allow_loopback=loopback)
    egress.forbid_port(settings.port)
    doc_url_base = settings.doc_url_base or f"http://{settings.host}:{settings.port}/errors"
    idempotency = Idempotency(sealer)
    carriers: list[Carrier] = [Simulator(PhoneNetwork(database, clock, bus))]
    rules = Rules(sealer, settings.webhook_quota, settings.webhook_require_https)
    routes: list[Route] = [
        *messages_api.routes(Desk(rate_cards.load(), bus), idempotency, doc_url_base=doc_url_base),
        *accounts_api.routes(),
        *contacts_api.routes(quota=settings.contact_quota),
        *templates_api.routes(quota=settings.template_quota),
        *webhooks_api.routes(
            database=database, egress=egress, clock=clock, rules=rules, clean_body=settings.webhook_clean_body
        ),
        *phones_api.routes(clock, bus),
    ]
    authenticator = Authenticator(database, accounts.find_caller)
    executor = Executor(database, idempotency, InFlight(), doc_url_base)
    shared = Shared(clock, authenticator, RateLimiter(), executor, doc_url_base)
    asgi = router.build(routes, _health(database), shared)
    return cls(settings, clock, database, sealer, authenticator, bus, egress, carriers, routes, asgi, doc_url_base)


def _sender(platform: Platform) -> Sender:
    async def callback_secret(tx: Tx, customer_id: str) -> str:
        return await accounts.callback_secret(tx, platform.sealer, customer_id)

    return Sender(
        database=platform.database,
        bus=platform.bus,
        egress=platform.egress,
        book=Book(platform.sealer, callback_secret),
        clocks=Clocks(platform.clock.now_ms, platform.clock.wall_ms),
        clean_body=platform.settings.webhook_clean_body,
        log_kept_ms=platform.settings.webhook_log_retention_ms,
    )


def _health(database: AnyDatabase) -> dict[str, router.OpenHandler]:
    async def healthy() -> Reply:
        return Reply(200, {"status": "healthy"})

    async def alive() -> Reply:
        return Reply(204)

    async def ready() -> Reply:
        await database.read(lambda tx: tx.fetch("SELECT version FROM schema_info LIMIT 1"))
        return Reply(204)

    return {"/v3/health": healthy, "/healthcheck": alive, "/health/live": alive, "/health/ready": ready}


def _master_key(settings: Settings, home: Path) -> bytes:
    """From the setting, else from HOME/master.key, which is made on the first start."""
    text = settings.master_key or _kept_master_key(home / MASTER_KEY_FILE)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise SettingsError(f"the master key must be {2 * MASTER_KEY_BYTES} hex digits; check SENT_MASTER_KEY")
    return key


def _kept_master_key(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    text = secrets.token_hex(MASTER_KEY_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    return text
