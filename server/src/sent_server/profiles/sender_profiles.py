"""Sender profiles: a profile, its key and its channels in one call."""

from collections.abc import Sequence
from typing import Any

from sent_server.accounts import service as accounts
from sent_server.channels import markets
from sent_server.channels.model import ChannelsState
from sent_server.channels.wire import CreateRcsAgent, CreateSmsMarket, CreateWhatsapp
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller, Role
from sent_server.kernel.channels import RCS, WHATSAPP
from sent_server.kernel.values import value_object
from sent_server.profiles import service
from sent_server.profiles.model import Profile
from sent_server.profiles.sender_wire import CreateSenderProfile
from sent_server.profiles.service import ProfileRules

NO_MARKET = "Is for an SMS market of the same request; create a brand with PATCH /v3/profiles/{id}"


@value_object
class Created:
    """`api_key` is shown only this once."""

    profile: Profile
    channels: ChannelsState
    api_key: str


async def create(tx: Tx, caller: Caller, body: CreateSenderProfile, rules: ProfileRules, *, now_ms: int) -> Created:
    """Raises AUTH_004, RESOURCE_005, BUSINESS_008, and VALIDATION_004 if the market lacks something."""
    _check_compliance(body)
    made = await service.create(tx, caller, body.wanted, rules, payment_reference=None, now_ms=now_ms)
    profile_id = made.account.id
    await _order(tx, profile_id, body, now_ms)
    _, api_key = await accounts.create_key(tx, profile_id, role=Role.ADMIN.value, now_ms=now_ms)
    states = await channels_of(tx, [made])
    return Created(made, states[profile_id], api_key)


async def channels_of(tx: Tx, profiles: Sequence[Profile]) -> dict[str, ChannelsState]:
    """Three statements for any number of profiles."""
    if not profiles:
        return {}
    return await markets.states(tx, [(one.account.id, one.account.organization_id) for one in profiles])


def _check_compliance(body: CreateSenderProfile) -> None:
    """Own facts need a market to belong to. To inherit is what a profile does anyway."""
    has_market = body.channels is not None and isinstance(body.channels.sms, CreateSmsMarket)
    groups = body.compliance.groups if body.compliance else {}
    faults = {f"compliance.{name}": [NO_MARKET] for name, group in groups.items() if not group.get("inherit")}
    if faults and not has_market:
        raise ApiError("VALIDATION_001", details=faults)


async def _order(tx: Tx, profile_id: str, body: CreateSenderProfile, now_ms: int) -> None:
    wanted = body.channels
    if wanted is None:
        return
    if isinstance(wanted.sms, CreateSmsMarket):
        details = _with_compliance(wanted.sms, body)
        markets.check(wanted.sms.kind, details.get("compliance"), within="channels.sms.")
        await markets.create_sms(
            tx,
            profile_id,
            country=wanted.sms.country,
            kind=wanted.sms.kind,
            sender_value=wanted.sms.sender_value,
            details=details,
            now_ms=now_ms,
        )
    if isinstance(wanted.whatsapp, CreateWhatsapp):
        await markets.create_single(tx, profile_id, WHATSAPP.value, details=wanted.whatsapp.details, now_ms=now_ms)
    if isinstance(wanted.rcs, CreateRcsAgent):
        await markets.create_single(tx, profile_id, RCS.value, details=wanted.rcs.details, now_ms=now_ms)


def _with_compliance(market: CreateSmsMarket, body: CreateSenderProfile) -> dict[str, Any]:
    """What the profile says about itself, and over it what the market says."""
    shared = body.compliance.groups if body.compliance else {}
    given = {**shared, **market.details.get("compliance", {})}
    return {**market.details, "compliance": given} if given else market.details
