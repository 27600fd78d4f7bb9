"""The rules for markets: one for each country and number type, shown together with the default senders.

A profile also sees the active ones of its organization, because it sends from them until it has its own.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sent_server.channels import provisioning, requirements, store
from sent_server.channels.model import ChannelsState, Market, MarketState, NumberType
from sent_server.connections import service as connections
from sent_server.connections.model import Sender
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids, phone
from sent_server.kernel.channels import MMS_COUNTRIES, RCS, SMS, WHATSAPP

EXISTS = "This account has the market already"
HAS_CHANNEL = "This account has the channel already"
# Ids of what was configured before there were markets; the same each time.
_NAMESPACE = uuid.UUID("8b5b0f0e-6f0e-5c7f-9c9c-0f1f5f0c9d1e")


async def states(tx: Tx, owners: Sequence[tuple[str, str]]) -> dict[str, ChannelsState]:
    """The channels of each account. `owners` are (customer_id, organization_id). Three statements for all."""
    wanted = sorted({customer_id for owner in owners for customer_id in owner})
    stored: dict[str, list[Market]] = {}
    for market in await store.markets(tx, wanted):
        stored.setdefault(market.customer_id, []).append(market)
    senders = await connections.own_senders(tx, wanted)
    whatsapp_ids = await store.whatsapp_ids(tx, wanted)
    own = {one: _with_defaults(one, stored.get(one, []), senders[one], whatsapp_ids.get(one)) for one in wanted}
    found: dict[str, ChannelsState] = {}
    for customer_id, organization_id in owners:
        inherited = own[organization_id] if customer_id != organization_id else []
        decided = {channel for channel, usable in senders[customer_id].items() if usable[0].is_default}
        found[customer_id] = _state(
            customer_id, own[customer_id], [one for one in inherited if one.channel not in decided]
        )
    return found


async def state(tx: Tx, customer_id: str, organization_id: str) -> ChannelsState:
    return (await states(tx, [(customer_id, organization_id)]))[customer_id]


async def sms_market(tx: Tx, customer_id: str, organization_id: str, country: str, kind: NumberType) -> Market:
    """Raises RESOURCE_011."""
    for market in (await state(tx, customer_id, organization_id)).sms:
        if (market.country, market.number_type) == (country, kind.value):
            return market
    raise ApiError("RESOURCE_011")


async def create_sms(
    tx: Tx,
    customer_id: str,
    *,
    country: str,
    kind: NumberType,
    sender_value: str | None,
    details: Mapping[str, Any],
    now_ms: int,
) -> Market:
    """Order a market. Raises RESOURCE_007 if the account has it."""
    if any((one.country, one.number_type) == (country, kind.value) for one in await _own(tx, customer_id, SMS)):
        raise ApiError("RESOURCE_007", EXISTS)
    return await _order(tx, _new(customer_id, SMS, country, kind.value, sender_value, details, now_ms), EXISTS)


async def create_single(tx: Tx, customer_id: str, channel: str, *, details: Mapping[str, Any], now_ms: int) -> Market:
    """Order WhatsApp or RCS. Raises RESOURCE_007 if the account has it."""
    if await _own(tx, customer_id, channel):
        raise ApiError("RESOURCE_007", HAS_CHANNEL)
    return await _order(tx, _new(customer_id, channel, "", "", None, details, now_ms), HAS_CHANNEL)


async def change_compliance(
    tx: Tx, customer_id: str, country: str, kind: NumberType, compliance: Mapping[str, Any] | None, *, now_ms: int
) -> Market:
    """Change the given fields. A market that was refused is submitted again.

    Raises RESOURCE_011, also for a market of the organization, and VALIDATION_001 if the market then lacks something.
    """
    market = await _for_change(tx, customer_id, country, kind, now_ms)
    if compliance is None:
        return market
    merged = _merged(market.compliance or {}, compliance)
    check(kind, merged, code="VALIDATION_001")
    changed = replace(market, details={**market.details, "compliance": merged}, updated_at_ms=now_ms)
    if market.state is not MarketState.ACTION_NEEDED:
        await store.update(tx, changed)
        return changed
    changed = replace(changed, state=MarketState.PENDING_REVIEW, reason_code=None, reason=None, submitted_at_ms=now_ms)
    await store.update(tx, changed)
    await provisioning.submit(tx, changed, now_ms=now_ms)
    return changed


def check(
    kind: NumberType, compliance: Mapping[str, Any] | None, *, code: str = "VALIDATION_004", within: str = ""
) -> None:
    """Raises `code` with everything that the market lacks. `within` is the place of the market in the body."""
    if faults := requirements.lacking(kind, compliance):
        raise ApiError(
            code, "Request validation failed", details={f"{within}{name}": [fault] for name, fault in faults.items()}
        )


def carries_mms(market: Market) -> bool:
    return market.country in MMS_COUNTRIES and market.number_type != NumberType.ALPHANUMERIC


async def _order(tx: Tx, market: Market, exists: str) -> Market:
    if not await store.insert(tx, market):
        raise ApiError("RESOURCE_007", exists)
    await provisioning.submit(tx, market, now_ms=market.created_at_ms)
    return market


async def _for_change(tx: Tx, customer_id: str, country: str, kind: NumberType, now_ms: int) -> Market:
    market = await store.market(tx, customer_id, SMS, country, kind.value)
    if market is not None:
        return market
    for default in await _own(tx, customer_id, SMS):  # a default sender gets its row when it is changed first
        if (default.country, default.number_type) == (country, kind.value):
            await store.insert(tx, replace(default, id=ids.new_id(now_ms), created_at_ms=now_ms))
            market = await store.market(tx, customer_id, SMS, country, kind.value)
    if market is None:
        raise ApiError("RESOURCE_011")
    return market


async def _own(tx: Tx, customer_id: str, channel: str) -> list[Market]:
    """The markets of the account itself on a channel."""
    stored = await store.markets(tx, [customer_id])
    senders = await connections.own_senders(tx, [customer_id])
    return [one for one in _with_defaults(customer_id, stored, senders[customer_id], None) if one.channel == channel]


def _new(
    customer_id: str,
    channel: str,
    country: str,
    number_type: str,
    sender_value: str | None,
    details: Mapping[str, Any],
    now_ms: int,
) -> Market:
    return Market(
        customer_id=customer_id,
        id=ids.new_id(now_ms),
        channel=channel,
        country=country,
        number_type=number_type,
        sender_value=sender_value,
        state=MarketState.PENDING_REVIEW,
        submitted_at_ms=now_ms,
        created_at_ms=now_ms,
        details=details,
    )


def _with_defaults(
    customer_id: str,
    stored: Sequence[Market],
    senders: Mapping[str, Sequence[Sender]],
    whatsapp_ids: tuple[str, str | None] | None,
) -> list[Market]:
    """The markets of an account, its default senders first, which have a row only if somebody changed them."""
    known = {(one.channel, one.country, one.number_type) for one in stored}
    defaults = [
        _of_default(customer_id, found[0], whatsapp_ids) for found in senders.values() if found and found[0].is_default
    ]
    return [*(one for one in defaults if (one.channel, one.country, one.number_type) not in known), *stored]


def _of_default(customer_id: str, sender: Sender, whatsapp_ids: tuple[str, str | None] | None) -> Market:
    country, number_type = sender.country or "", sender.number_type or ""
    details: dict[str, Any] = {}
    if sender.channel == SMS and not country:
        country, number_type = phone.region(sender.value), _type_of(sender.value)
    elif sender.channel != SMS:
        country = number_type = ""
    if sender.channel == WHATSAPP and whatsapp_ids:
        details = {"waba_id": whatsapp_ids[0], "phone_number_id": whatsapp_ids[1]}
    return Market(
        customer_id=customer_id,
        id=str(uuid.uuid5(_NAMESPACE, f"{customer_id} {sender.channel}")),
        channel=sender.channel,
        country=country,
        number_type=number_type,
        sender_value=sender.value,
        state=MarketState.ACTIVE,
        submitted_at_ms=sender.created_at_ms,
        created_at_ms=sender.created_at_ms,
        details=details,
    )


def _type_of(value: str) -> str:
    if not phone.is_e164(value):
        return NumberType.SHORT_CODE if value.isdigit() else NumberType.ALPHANUMERIC
    if phone.is_toll_free(value):
        return NumberType.TOLL_FREE
    if phone.region(value) == "US":
        return NumberType.TEN_DLC
    return NumberType.MOBILE if phone.is_mobile(value) else NumberType.LOCAL


def _state(customer_id: str, own: Sequence[Market], inherited: Sequence[Market]) -> ChannelsState:
    known = {(one.channel, one.country, one.number_type) for one in own}
    shown = [*own]
    for one in inherited:
        if one.state is MarketState.ACTIVE and (one.channel, one.country, one.number_type) not in known:
            shown.append(one)
    singles = {one.channel: one for one in reversed(shown) if one.channel != SMS}
    sms = [one for one in shown if one.channel == SMS]
    return ChannelsState(customer_id, sms, singles.get(WHATSAPP), singles.get(RCS))


def _merged(kept: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are merged field by field."""
    return {**kept, **{name: {**(kept.get(name) or {}), **fields} for name, fields in given.items() if fields}}
