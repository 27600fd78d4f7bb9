"""What an operator may do to an installation: once, for commands that act directly and for the running server."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server import accounts
from sent_server.accounts import service
from sent_server.app import Platform
from sent_server.bus import Bus
from sent_server.channels import service as channels
from sent_server.cli import people, sim
from sent_server.compliance import service as compliance
from sent_server.db import Tx
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.errors import ApiError
from sent_server.events import Span
from sent_server.kernel import ids, mailbox, money, timestamps
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.ledger import service as ledger
from sent_server.users import service as users
from sent_server.users.invitations import Invitations
from sent_server.webhooks import service as webhooks

DEFAULT_TIER = "growth"
DEFAULT_ROLE = "admin"
MAX_PER_SECOND = 100_000
MAX_TOP_UP = 10_000_000  # beyond, it is a slip of the finger: a top-up cannot be undone


@value_object
class Operator:
    """An opened installation. `forget` drops what a running server remembers of keys and accounts."""

    database: SqliteDatabase | PostgresDatabase
    sealer: Sealer
    clock: SystemClock
    bus: Bus
    office: Invitations
    user_quota: int
    forget: Callable[[], None]

    @classmethod
    def of(cls, platform: Platform) -> "Operator":
        return cls(
            platform.database,
            platform.sealer,
            platform.clock,
            platform.bus,
            platform.office,
            platform.settings.user_quota,
            platform.authenticator.forget_all,
        )

    async def perform(self, name: str, arguments: dict[str, Any]) -> Any:
        """Run one operation in one transaction. Raises OperatorError for a mistake in the arguments."""
        operation = OPERATIONS.get(name)
        if operation is None:
            raise accounts.OperatorError(f"the running server does not know {name!r}; restart it with this release")
        try:
            done = await self.database.write(lambda tx: operation(tx, self, **arguments))
        except ApiError as refusal:
            faults = [fault for field in (refusal.details or {}).values() for fault in field]
            raise accounts.OperatorError("; ".join(faults) or refusal.message) from None
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
    owner: str | None = None,
) -> Any:
    """A profile uses the channels of its organization; an organization gets simulated ones of its own.

    `owner` is the e-mail address of whoever it belongs to; the name is what stands before the @.
    """
    if owner is not None and not mailbox.is_address(owner):
        raise accounts.OperatorError(f"{owner!r} is not an e-mail address")
    now_ms = operator.clock.now_ms()
    made = await service.create_account(
        tx,
        name=name,
        organization_id=profile_of,
        tier=tier or DEFAULT_TIER,
        email=owner,
        sealer=operator.sealer,
        now_ms=now_ms,
    )
    if owner is not None:
        await users.add_owner(tx, made.id, email=owner, name=owner.partition("@")[0], now_ms=now_ms)
    if channels and profile_of is None:
        await service.configure_simulated_channels(tx, made.id, name=name, now_ms=now_ms)
    return await show_account(tx, operator, customer_id=made.id)


async def set_status(tx: Tx, operator: Operator, *, customer_id: str, status: str) -> Any:
    await service.set_status(tx, customer_id, status, now_ms=operator.clock.now_ms())
    return await _account(tx, customer_id)


async def set_tier(
    tx: Tx, operator: Operator, *, customer_id: str, tier: str, messages_per_minute: int | None = None
) -> Any:
    await service.set_tier(tx, customer_id, tier, messages_per_minute)
    return await _account(tx, customer_id)


async def top_up(tx: Tx, operator: Operator, *, customer_id: str, amount: str) -> Any:
    micros = money.parse(amount)
    if micros is None or micros <= 0:
        raise accounts.OperatorError(f"{amount!r} is not an amount; write a positive decimal such as 25.50")
    if micros > MAX_TOP_UP * money.MICROS:
        raise accounts.OperatorError(f"{amount} is more than {MAX_TOP_UP:,} at once; check the amount")
    account = await service.find(tx, customer_id)
    if account.payer_id != account.id:
        raise accounts.OperatorError(f"{account.id} is paid for by its organization; top up {account.payer_id}")
    now_ms = operator.clock.now_ms()
    await ledger.top_up(tx, account.id, micros, ref=ids.new_id(now_ms), now_ms=now_ms)
    return await _account(tx, account.id)


async def _account(tx: Tx, customer_id: str) -> dict[str, Any]:
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
        "quotas": found.quotas,
        "balance": money.to_text(found.balances.available_micros),
        "held": money.to_text(found.balances.held_micros),
        "messages_per_second": {channel: config.messages_per_second for channel, config in found.channels.items()},
        "sender_numbers": {channel: config.sender for channel, config in found.channels.items()},
        "profiles": [profile.id for profile in found.profiles],
        "keys": len([key for key in found.keys if key.revoked_at_ms is None]),
    }


async def show_account(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    """With the secret, which no other command shows but the one that makes the account."""
    shown = await _account(tx, customer_id)
    secret = await service.callback_secret(tx, operator.sealer, shown["customer_id"])
    return {**shown, "callback_secret": secret}


async def file_brand(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    account = await service.find(tx, customer_id)
    found = await compliance.facts(tx, account.id)
    if not found.has_brand:
        raise accounts.OperatorError(f"{account.id} has no brand; POST /v3/brands makes one")
    if not found.is_tcr_application:
        raise accounts.OperatorError(f"the brand of {account.id} is no TCR application; it says isTcrApplication false")
    await compliance.file(tx, account.id, now_ms=operator.clock.now_ms())
    filed = await compliance.facts(tx, account.id)
    return {"customer_id": account.id, "campaigns": filed.campaigns, "registration": filed.registration.value}


async def create_key(
    tx: Tx,
    operator: Operator,
    *,
    customer_id: str,
    role: str | None = None,
    profile_id: str | None = None,
    user_id: str | None = None,
) -> Any:
    """A key made for a user takes its role from the user, so it cannot be given one."""
    if user_id is not None and role is not None:
        raise accounts.OperatorError("a key made for a user has the user's role; leave out --role or --user")
    owner = await service.find(tx, profile_id or customer_id)
    if profile_id is not None and owner.organization_id != customer_id.lower():
        raise accounts.OperatorError(f"{profile_id} is not a profile of {customer_id}; see `sent accounts show`")
    role = role or DEFAULT_ROLE
    if user_id is not None:
        role = (await users.get(tx, owner.id, user_id)).shown_role
    key_id, api_key = await service.create_key(tx, owner.id, role=role, user_id=user_id, now_ms=operator.clock.now_ms())
    return {"id": key_id, "api_key": api_key, "customer_id": owner.id, "role": role, "user_id": user_id}


async def list_keys(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    return [
        {
            "id": key.id,
            "role": key.role,
            "user_id": key.user_id,
            "ends_in": key.hint,
            "created_at": timestamps.iso(key.created_at_ms),
            "revoked_at": None if key.revoked_at_ms is None else timestamps.iso(key.revoked_at_ms),
        }
        for key in await service.list_keys(tx, customer_id)
    ]


async def revoke_key(tx: Tx, operator: Operator, *, key_id: str) -> Any:
    await service.revoke_key(tx, key_id, now_ms=operator.clock.now_ms())
    return {"id": key_id, "revoked": True}


async def set_throughput(
    tx: Tx, operator: Operator, *, customer_id: str, channel: str, messages_per_second: int
) -> Any:
    if not 0 <= messages_per_second <= MAX_PER_SECOND:
        raise accounts.OperatorError(f"messages per second is 1 to {MAX_PER_SECOND}, or 0 for no limit")
    account = await service.find(tx, customer_id)
    if not await channels.set_throughput(tx, account.id, channel, messages_per_second or None):
        raise accounts.OperatorError(f"{account.id} has not configured {channel!r} itself; see `sent accounts show`")
    return await _account(tx, account.id)


async def list_webhooks(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    account = await service.find(tx, customer_id)
    return [
        {
            "id": one.webhook.id,
            "display_name": one.webhook.display_name,
            "state": one.state,
            "reason": one.webhook.disabled_reason,
            "since": timestamps.iso_or_none(one.since_ms),
            "consecutive_failures": one.health.consecutive_failures,
            "parked_events": one.parked_events,
        }
        for one in await webhooks.standings(tx, account.id)
    ]


async def enable_webhook(tx: Tx, operator: Operator, *, customer_id: str, webhook_id: str) -> Any:
    account = await service.find(tx, customer_id)
    try:
        webhook, _ = await webhooks.toggle(tx, account.id, webhook_id, active=True, now_ms=operator.clock.now_ms())
    except ApiError as error:
        raise accounts.OperatorError(f"{error.message} ({webhook_id})") from None
    return {"webhook_id": webhook.id, "is_active": webhook.is_active}


async def replay_webhook(
    tx: Tx,
    operator: Operator,
    *,
    customer_id: str,
    webhook_id: str,
    event_id: str | None = None,
    since: str | None = None,
    until: str | None = None,
    status: str = "failed",
    after: str | None = None,
) -> Any:
    account, now_ms = await service.find(tx, customer_id), operator.clock.now_ms()
    try:
        if event_id:
            count = await webhooks.replay_one(tx, account.id, webhook_id, event_id, now_ms=now_ms)
            return {"replayed": count, "next_after": None}
        states = ("failed", "delivered") if status == "all" else (status,)
        span = Span(_moment(since, 0), _moment(until, now_ms), states, after)
        count, after = await webhooks.replay_span(tx, account.id, webhook_id, span, now_ms=now_ms)
    except ApiError as error:
        raise accounts.OperatorError(f"{error.message} ({webhook_id})") from None
    return {"replayed": count, "next_after": after}


def _moment(text: str | None, otherwise_ms: int) -> int:
    if text is None:
        return otherwise_ms
    at_ms = timestamps.parse(text)
    if at_ms is None:
        raise accounts.OperatorError(f"{text!r} is not a time; write it like 2026-01-15T10:35:00Z")
    return at_ms


async def set_quota(tx: Tx, operator: Operator, *, customer_id: str, name: str, number: int | None) -> Any:
    if number is not None and number < 0:
        raise accounts.OperatorError("a quota is 0 or more, or `default`")
    await service.set_quota(tx, customer_id, name, number)
    return await _account(tx, customer_id)


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "accounts create": create_account,
    "accounts set-status": set_status,
    "accounts set-tier": set_tier,
    "accounts top-up": top_up,
    "accounts show": show_account,
    "accounts set-quota": set_quota,
    "accounts set-throughput": set_throughput,
    "webhooks enable": enable_webhook,
    "webhooks list": list_webhooks,
    "webhooks replay": replay_webhook,
    "accounts file-brand": file_brand,
    "keys create": create_key,
    "keys list": list_keys,
    "keys revoke": revoke_key,
    **people.OPERATIONS,
    **sim.OPERATIONS,
}
