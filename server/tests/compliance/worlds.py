"""An empty database with an organization and profiles of it, and a registry to file with."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from harness.runners import run_due
from sent_server.accounts import service as accounts
from sent_server.accounts.model import PROFILE_FLAGS, Account
from sent_server.compliance import filing
from sent_server.compliance.details import BrandDetails, CampaignDetails
from sent_server.db import Tx, migrate
from sent_server.db.open import open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.kernel.clock import FixedClock
from sent_server.kernel.sealing import Sealer
from sent_server.ports.registry import Answer, BrandFiling, CampaignFiling, Registered, Registry
from sent_server.ports.simulated_registry import DECIDE_MS, SimulatedRegistry

NOW_MS = 1_000
SEALER = Sealer(bytes(32))
# A profile's way of life, as settings.
OWN = {"inherit_tcr_brand": False, "inherit_tcr_campaign": False}
OWN_CAMPAIGNS = {"inherit_tcr_brand": True, "inherit_tcr_campaign": False}
OWN_BRAND = {"inherit_tcr_brand": False, "inherit_tcr_campaign": True}
INHERITS = {"inherit_tcr_brand": True, "inherit_tcr_campaign": True}
SET_FLAGS = "UPDATE customers SET settings_json = :settings_json WHERE id = :id"


def brand(name: str = "John Smith", *, tcr: bool = True, **compliance: Any) -> BrandDetails:
    fixed = {"vertical": "RETAIL", "brandRelationship": "SMALL_ACCOUNT", "isTcrApplication": tcr}
    return BrandDetails.model_validate({"contact": {"name": name}, "compliance": {**fixed, **compliance}})


def campaign(name: str = "Notes", kind: str = "MARKETING", *samples: str, **values: Any) -> CampaignDetails:
    use_cases = [{"messagingUseCaseUs": kind, "sampleMessages": list(samples) or ["Hello"]}]
    whole = {"name": name, "description": "d", "type": "App", "useCases": use_cases, **values}
    return CampaignDetails.model_validate(whole)


@dataclass
class World:
    database: SqliteDatabase | PostgresDatabase
    organization: Account
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW_MS))

    async def profile(self, flags: dict[str, bool]) -> Account:
        async def make(tx: Tx) -> Account:
            made = await accounts.create_account(
                tx, name="P", organization_id=self.organization.id, sealer=SEALER, now_ms=NOW_MS
            )
            settings = orjson.dumps({**PROFILE_FLAGS, **flags}).decode()
            await tx.execute(SET_FLAGS, id=made.id, settings_json=settings)
            found = await accounts.look_up(tx, made.id)
            assert found is not None
            return found

        return await self.database.write(make)

    async def write(self, fn: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """`fn(tx, *arguments, now_ms=...)` in a transaction."""
        return await self.database.write(lambda tx: fn(tx, *arguments, now_ms=self.clock.now_ms()))

    async def do(self, fn: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """`fn(tx, *arguments)` in a transaction."""
        return await self.database.write(lambda tx: fn(tx, *arguments))

    async def read(self, fn: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        return await self.database.read(lambda tx: fn(tx, *arguments))

    async def jobs(self) -> list[str]:
        rows = await self.database.read(lambda tx: tx.fetch("SELECT kind FROM jobs ORDER BY kind"))
        return [row[0] for row in rows]

    async def ask(self, registry: Registry | None = None) -> bool:
        """Ask about everything that is filed and due: the brands, then the campaigns."""
        return await run_due(self.database, self.clock, *filing.kinds(registry or SimulatedRegistry(), self.clock))

    async def decided(self) -> None:
        """Let the simulated registry decide on everything: the brands, then the campaigns that wait for them."""
        for _ in range(3):
            await self.ask()
            self.clock.advance(DECIDE_MS)


Scenario = Callable[[World], Awaitable[None]]


def run(url: str, scenario: Scenario) -> None:
    async def go() -> None:
        async with _opened(url) as world:
            await scenario(world)

    asyncio.run(go())


@contextlib.asynccontextmanager
async def _opened(url: str) -> AsyncGenerator[World]:
    database = await open_database(url)
    try:
        await migrate.apply(database)
        organization = await database.write(
            lambda tx: accounts.create_account(tx, name="Org", sealer=SEALER, now_ms=NOW_MS)
        )
        yield World(database, organization)
    finally:
        await database.close()


@dataclass
class Recording:
    """A registry that registers at once and remembers what it was asked."""

    asked: list[BrandFiling | CampaignFiling] = field(default_factory=list[BrandFiling | CampaignFiling])
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def brand(self, filing: BrandFiling, *, now_ms: int) -> Answer:
        return await self._answer(filing, Registered("BRAND", "CSP", "VERIFIED", "US_1"))

    async def campaign(self, filing: CampaignFiling, *, now_ms: int) -> Answer:
        return await self._answer(filing, Registered("CAMPAIGN", "CSP"))

    async def _answer(self, filing: BrandFiling | CampaignFiling, answer: Answer) -> Answer:
        self.asked.append(filing)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return answer
