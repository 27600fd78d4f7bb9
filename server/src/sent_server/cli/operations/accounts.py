"""Operations on organizations and profiles."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.accounts import OperatorError, service
from sent_server.channels import service as channels
from sent_server.cli.operations.operator import Operator
from sent_server.compliance import service as compliance
from sent_server.db import Tx
from sent_server.kernel import ids, mailbox, money
from sent_server.kernel.channels import MMS
from sent_server.ledger import service as ledger
from sent_server.templates import copies
from sent_server.users import service as users

DEFAULT_TIER = "growth"
FEATURES = ("mms", "template-auto-creation", "text-needs-conversation")
MAX_PER_SECOND = 100_000
MAX_TOP_UP = 10_000_000  # a larger amount is probably a typo, and a top-up cannot be undone


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
    """A profile uses the channels of its organization. An organization gets simulated channels.

    `owner` is the email address of the owner, whose name becomes the part before the @.
    """
    if owner is not None and not mailbox.is_address(owner):
        raise OperatorError(f"{owner!r} is not an email address")
    now_ms = operator.clock.now_ms()
    if profile_of is not None:
        await service.hold_profiles(tx, profile_of)
    made = await service.create_account(
        tx,
        name=name,
        organization_id=profile_of,
        tier=tier or DEFAULT_TIER,
        email=owner,
        sealer=operator.sealer,
        now_ms=now_ms,
    )
    if profile_of is not None:
        await copies.to_new_profile(tx, profile_of, made.id, now_ms=now_ms)
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
        raise OperatorError(f"{amount!r} is not an amount; write a positive decimal such as 25.50")
    if micros > MAX_TOP_UP * money.MICROS:
        raise OperatorError(f"{amount} is more than the maximum of {MAX_TOP_UP:,}; check the amount")
    account = await service.find(tx, customer_id)
    if account.payer_id != account.id:
        raise OperatorError(f"{account.id} is billed to its organization; top up {account.payer_id}")
    now_ms = operator.clock.now_ms()
    await ledger.top_up(tx, account.id, micros, ref=ids.new_id(now_ms), now_ms=now_ms)
    return await _account(tx, account.id)


async def set_quota(tx: Tx, operator: Operator, *, customer_id: str, name: str, number: int | None) -> Any:
    if number is not None and number < 0:
        raise OperatorError("quota must be 0 or more, or `default`")
    await service.set_quota(tx, customer_id, name, number)
    return await _account(tx, customer_id)


async def set_feature(tx: Tx, operator: Operator, *, customer_id: str, feature: str, enabled: bool) -> Any:
    """Each feature is off for new accounts. The demo account has MMS."""
    match feature:
        case "template-auto-creation":
            await service.set_template_auto_creation(tx, customer_id, allowed=enabled)
        case "mms":
            await service.set_mms(tx, customer_id, enabled=enabled)
        case "text-needs-conversation":
            await service.set_option(tx, customer_id, "text_needs_conversation", on=enabled)
        case _:
            raise OperatorError(f"{feature!r} is not a feature; use one of {', '.join(FEATURES)}")
    return await _account(tx, customer_id)


async def set_throughput(
    tx: Tx, operator: Operator, *, customer_id: str, channel: str, messages_per_second: int
) -> Any:
    if not 0 <= messages_per_second <= MAX_PER_SECOND:
        raise OperatorError(f"messages per second must be between 1 and {MAX_PER_SECOND}, or 0 for no limit")
    account = await service.find(tx, customer_id)
    if not await channels.set_throughput(tx, account.id, channel, messages_per_second or None):
        raise OperatorError(f"{account.id} has no channel {channel!r} of its own; see `sent accounts show`")
    return await _account(tx, account.id)


async def show_account(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    """Includes the callback secret, which is otherwise shown only when the account is created."""
    shown = await _account(tx, customer_id)
    secret = await service.callback_secret(tx, operator.sealer, shown["customer_id"])
    return {**shown, "callback_secret": secret}


async def file_brand(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    account = await service.find(tx, customer_id)
    found = await compliance.facts(tx, account.id)
    if not found.has_brand:
        raise OperatorError(f"{account.id} has no brand; create one with POST /v3/brands")
    if not found.is_tcr_application:
        raise OperatorError(f"the brand of {account.id} is not a TCR application: its isTcrApplication is false")
    await compliance.file(tx, account.id, now_ms=operator.clock.now_ms())
    filed = await compliance.facts(tx, account.id)
    return {"customer_id": account.id, "campaigns": filed.campaigns, "registration": filed.registration.value}


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
        "features": {
            "mms": MMS in found.channels,
            "template-auto-creation": account.may_create_on_profiles,
            "text-needs-conversation": "text_needs_conversation" in found.options,
        },
        "profiles": [profile.id for profile in found.profiles],
        "keys": len([key for key in found.keys if key.revoked_at_ms is None]),
    }


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "accounts create": create_account,
    "accounts set-status": set_status,
    "accounts set-tier": set_tier,
    "accounts top-up": top_up,
    "accounts set-quota": set_quota,
    "accounts set-feature": set_feature,
    "accounts set-throughput": set_throughput,
    "accounts show": show_account,
    "accounts file-brand": file_brand,
}
