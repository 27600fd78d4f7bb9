"""What an operator may do to an installation: once, for commands that act directly and for the running server."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sent_server import accounts
from sent_server.accounts import service
from sent_server.app import Platform
from sent_server.db import Tx
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.kernel import ids, money, timestamps
from sent_server.kernel.clock import Clock
from sent_server.kernel.sealing import Sealer
from sent_server.ledger import service as ledger

DEFAULT_TIER = "growth"


@dataclass(frozen=True, slots=True)
class Operator:
    """An opened installation. `forget` drops what a running server remembers of keys and accounts."""

    database: SqliteDatabase | PostgresDatabase
    sealer: Sealer
    clock: Clock
    forget: Callable[[], None]

    @classmethod
    def of(cls, platform: Platform) -> "Operator":
        return cls(platform.database, platform.sealer, platform.clock, platform.authenticator.forget_all)

    async def perform(self, name: str, arguments: dict[str, Any]) -> Any:
        """Run one operation in one transaction. Raises OperatorError for a mistake in the arguments."""
        operation = OPERATIONS.get(name)
        if operation is None:
            raise accounts.OperatorError(f"the running server does not know {name!r}; restart it with this release")
        done = await self.database.write(lambda tx: operation(tx, self, **arguments))
        self.forget()
        return done


async def create_account(
    tx: Tx,
    operator: Operator,
    *,
    name: str,
    tier: str | None = None,
    profile_of: str | None = None,
    channels: bool = True,
) -> Any:
    """A profile uses the channels of its organization; an organization gets simulated ones of its own."""
    now_ms = operator.clock.now_ms()
    made = await service.create_account(
        tx,
        name=name,
        organization_id=profile_of,
        tier=tier or DEFAULT_TIER,
        sealer=operator.sealer,
        now_ms=now_ms,
    )
    if channels and profile_of is None:
        await service.configure_simulated_channels(tx, made.id, name=name, now_ms=now_ms)
    return await show_account(tx, operator, customer_id=made.id)


async def set_status(tx: Tx, operator: Operator, *, customer_id: str, status: str) -> Any:
    await service.set_status(tx, customer_id, status, now_ms=operator.clock.now_ms())
    return await show_account(tx, operator, customer_id=customer_id)


async def set_tier(
    tx: Tx, operator: Operator, *, customer_id: str, tier: str, messages_per_minute: int | None = None
) -> Any:
    await service.set_tier(tx, customer_id, tier, messages_per_minute)
    return await show_account(tx, operator, customer_id=customer_id)


async def top_up(tx: Tx, operator: Operator, *, customer_id: str, amount: str) -> Any:
    micros = money.parse(amount)
    if micros is None or micros <= 0:
        raise accounts.OperatorError(f"{amount!r} is not an amount; write a positive decimal such as 25.50")
    account = await service.find(tx, customer_id)
    if account.payer_id != account.id:
        raise accounts.OperatorError(f"{account.id} is paid for by its organization; top up {account.payer_id}")
    now_ms = operator.clock.now_ms()
    await ledger.top_up(tx, account.id, micros, ref=ids.new_id(now_ms), now_ms=now_ms)
    return await show_account(tx, operator, customer_id=account.id)


async def show_account(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    found = await service.show(tx, customer_id)
    account = found.account
    return {
        "customer_id": account.id,
        "kind": account.kind,
        "organization_id": account.organization_id,
        "name": account.name,
        "status": account.status,
        "tier": account.tier,
        "messages_per_minute": account.messages_per_minute,
        "balance": money.to_text(found.balances.available_micros),
        "held": money.to_text(found.balances.held_micros),
        "sender_numbers": {channel: config.sender for channel, config in found.channels.items()},
        "profiles": [profile.id for profile in found.profiles],
        "keys": len([key for key in found.keys if key.revoked_at_ms is None]),
        "callback_secret": await service.callback_secret(tx, operator.sealer, account.id),
    }


async def create_key(
    tx: Tx, operator: Operator, *, customer_id: str, role: str = "admin", profile_id: str | None = None
) -> Any:
    owner = await service.find(tx, profile_id or customer_id)
    if profile_id is not None and owner.organization_id != customer_id.lower():
        raise accounts.OperatorError(f"{profile_id} is not a profile of {customer_id}; see `sent accounts show`")
    key_id, api_key = await service.create_key(tx, owner.id, role=role, now_ms=operator.clock.now_ms())
    return {"id": key_id, "api_key": api_key, "customer_id": owner.id, "role": role}


async def list_keys(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    return [
        {
            "id": key.id,
            "role": key.role,
            "ends_in": key.hint,
            "created_at": timestamps.iso(key.created_at_ms),
            "revoked_at": None if key.revoked_at_ms is None else timestamps.iso(key.revoked_at_ms),
        }
        for key in await service.list_keys(tx, customer_id)
    ]


async def revoke_key(tx: Tx, operator: Operator, *, key_id: str) -> Any:
    await service.revoke_key(tx, key_id, now_ms=operator.clock.now_ms())
    return {"id": key_id, "revoked": True}


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "accounts create": create_account,
    "accounts set-status": set_status,
    "accounts set-tier": set_tier,
    "accounts top-up": top_up,
    "accounts show": show_account,
    "keys create": create_key,
    "keys list": list_keys,
    "keys revoke": revoke_key,
}
