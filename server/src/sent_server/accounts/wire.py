"""The response of GET /v3/me. Source: contract/openapi-v3.json, contract/NOTES.md a47."""

from collections.abc import Mapping
from typing import Any

import orjson

from sent_server.accounts.model import Account
from sent_server.accounts.service import Overview
from sent_server.http.caller import Role
from sent_server.kernel import money, timestamps
from sent_server.kernel.channels import BASE_CHANNELS, SMS, WHATSAPP


def me(overview: Overview, role: Role, limits: dict[str, Any]) -> dict[str, Any]:
    """`role` is the caller's. A key of an organization has it in all profiles."""
    account = overview.account
    is_profile = account.kind == "profile"
    return {
        "type": account.kind,
        "id": account.id,
        "organization_id": account.organization_id if is_profile else None,
        "name": account.name,
        "short_name": account.short_name if is_profile else None,
        "email": account.email,
        "icon": account.icon,
        "description": account.description,
        "created_at": timestamps.iso(account.created_at_ms),
        "channels": {channel: _channel(overview, channel) for channel in BASE_CHANNELS},
        "sending_phone_number": _channel(overview, SMS)["phone_number"],
        "sending_phone_number_profile_id": overview.sms_owner_id,
        "status": account.profile_status if is_profile else None,
        "settings": _settings(account) if is_profile else None,
        "enable_template_auto_creation_for_sp": account.may_create_on_profiles,
        "profiles": [_profile(profile, role) for profile in overview.profiles],
        "balance": {
            "available": money.to_number(overview.balances.available_micros),
            "held": money.to_number(overview.balances.held_micros),
            "currency": "USD",
        },
        "limits": limits,
    }


def limits(
    overview: Overview, *, requests_per_minute: int, messages_per_minute: int, quotas: Mapping[str, int | None]
) -> dict[str, Any]:
    """The limits of the organization. A quota of null means unlimited."""
    return {
        "status": overview.account.status,
        "tier": overview.account.tier,
        "requests_per_minute": requests_per_minute,
        "messages_per_minute": messages_per_minute,
        "quotas": dict(quotas),
    }


def _channel(overview: Overview, channel: str) -> dict[str, Any]:
    config = overview.channels.get(channel)
    state: dict[str, Any] = {"configured": config is not None, "phone_number": config.sender if config else None}
    if channel == WHATSAPP:
        state["business_name"] = config.business_name if config else None
    return state


def _profile(profile: Account, role: Role) -> dict[str, Any]:
    return {
        "id": profile.id,
        "name": profile.name,
        "icon": profile.icon,
        "description": profile.description,
        "short_name": profile.short_name,
        "role": role.value,
        "status": profile.profile_status,
        "created_at": timestamps.iso(profile.created_at_ms),
        "settings": _settings(profile),
    }


def _settings(profile: Account) -> dict[str, Any]:
    return {**orjson.loads(profile.settings_json or "{}"), "billing_model": profile.billing_model}
