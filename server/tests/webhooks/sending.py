"""A sender over a real database, driven inside one event loop by tests."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sent_server import events
from sent_server.bus import LocalBus
from sent_server.db import Tx, migrate, open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.egress import Egress, UrlRules
from sent_server.events import Event, LogEntry
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.paging import Page
from sent_server.kernel.sealing import Sealer
from sent_server.webhooks import service
from sent_server.webhooks.attempt import Clocks
from sent_server.webhooks.claims import TargetResolver
from sent_server.webhooks.model import EndpointHealth, Webhook
from sent_server.webhooks.sender import Sender
from sent_server.webhooks.service import WebhookDraft, WebhookRules

CUSTOMER = "01900000-0000-7000-8000-00000000000a"
CALLBACK_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


async def _callback_secret(_: Tx, customer_id: str) -> str:
    return CALLBACK_SECRET


@dataclass
class World:
    database: SqliteDatabase | PostgresDatabase
    egress: Egress
    clock: SystemClock = field(default_factory=SystemClock)
    bus: LocalBus = field(default_factory=LocalBus)

    def __post_init__(self) -> None:
        self.rules = WebhookRules(Sealer(b"k" * 32), quota=100, urls=UrlRules(self.egress.guard, require_https=False))
        self.sender = self.new_sender()

    def new_sender(self, **options: Any) -> Sender:
        return Sender(
            database=self.database,
            bus=self.bus,
            egress=self.egress,
            book=TargetResolver(self.rules.sealer, _callback_secret),
            clocks=Clocks(self.clock.now_ms, self.clock.wall_ms),
            current_names_only=False,
            **options,
        )

    async def settle(self) -> None:
        """What the workers beside the sending one do, until nothing is left of it."""
        await asyncio.sleep(max(0, self.sender.pause_ms) / 1_000)
        await self.sender.step()
        while await self.sender.park() or await self.sender.release():
            pass
        await self.send()

    async def switch(self, webhook: Webhook, *, active: bool) -> None:
        now_ms = self.clock.now_ms()
        await self.database.write(
            lambda tx: service.toggle(tx, webhook.customer_id, webhook.id, active=active, now_ms=now_ms)
        )

    def advance(self, seconds: float) -> None:
        self.clock.offset_ms += int(seconds * 1000)

    async def webhook(self, url: str, *names: str, customer_id: str = CUSTOMER, **changes: Any) -> tuple[Webhook, str]:
        draft = WebhookDraft("Hook", url, names or ("messages",), None, 5, None)
        draft = replace(draft, **changes)
        return await self.database.write(
            lambda tx: service.create(
                tx, customer_id, draft, self.rules, quota=self.rules.quota, now_ms=self.clock.now_ms()
            )
        )

    async def emit(
        self,
        name: str = "message.delivered",
        *,
        count: int = 1,
        customer_id: str = CUSTOMER,
        callback: str | None = None,
    ) -> None:
        now_ms = self.clock.now_ms()
        status = name.partition(".")[2].upper()
        told = [
            Event(
                customer_id,
                name,
                f"message-{number}",
                {"account_id": customer_id, "message_id": f"message-{number}", "message_status": status},
                now_ms,
                callback,
            )
            for number in range(count)
        ]
        await self.database.write(lambda tx: events.emit(tx, told))

    async def log(self, webhook: Webhook) -> list[LogEntry]:
        page = Page(1, 100)
        entries, _ = await self.database.read(
            lambda tx: events.log_page(tx, webhook.customer_id, webhook.id, page=page, pattern=None)
        )
        return entries

    async def statuses(self, webhook: Webhook) -> list[str]:
        return [entry.status for entry in await self.log(webhook)]

    async def health(self, webhook: Webhook) -> EndpointHealth:
        return (await self.current(webhook))[1]

    async def current(self, webhook: Webhook) -> tuple[Webhook, EndpointHealth]:
        return await self.database.read(lambda tx: service.get(tx, webhook.customer_id, webhook.id))

    async def count(self, table: str) -> int:
        rows = await self.database.read(lambda tx: tx.fetch(f"SELECT COUNT(*) FROM {table}"))
        return rows[0][0]

    async def delivered(self, event_name: str) -> int:
        sql = "SELECT COUNT(*) FROM deliveries WHERE event_name = :event_name AND status = 'delivered'"
        rows = await self.database.read(lambda tx: tx.fetch(sql, event_name=event_name))
        return rows[0][0]

    async def send(self) -> None:
        """Send what is due now, until everything that was started is recorded and nothing more is due."""
        while await step(self.sender) or self.sender.open_count:
            while self.sender.open_count:
                await asyncio.sleep(0.005)


async def step(sender: Sender) -> bool:
    """One that looks at the database."""
    await asyncio.sleep(max(0, sender.pause_ms) / 1_000)
    return await sender.step()


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def world(url: str) -> AsyncGenerator[World]:
    database = await open_database(url)
    egress = Egress(allow_loopback=True)
    try:
        await migrate.apply(database)
        made = World(database, egress)
        yield made
        await made.sender.stop()
    finally:
        await egress.close()
        await database.close()


def run(url: str, act: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(url) as made:
            await act(made)

    asyncio.run(main())
