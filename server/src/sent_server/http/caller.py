"""Who is calling: the value that authentication hands to every handler."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from sent_server.db import Tx


class Role(StrEnum):
    ADMIN = "admin"
    DEVELOPER = "developer"
    BILLING = "billing"


class Tier(StrEnum):
    STARTER = "starter"
    GROWTH = "growth"
    ENTERPRISE = "enterprise"
    UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class Caller:
    """`customer_id` owns the rows (the profile when one acts), `organization_id` the rate limits.

    `ledger_id` is the customer whose balance pays. `gate` is the AUTH_00x code that keeps an account out
    until its set-up is finished, or None. `scoped` tells that x-profile-id chose the profile.
    """

    customer_id: str
    organization_id: str
    ledger_id: str
    key_id: str
    role: Role
    tier: Tier
    messages_per_minute: int | None
    gate: str | None
    scoped: bool = False


# (tx, SHA-256 hex of the key, x-profile-id or None) -> the caller; None for an unknown or revoked key.
# Raises ApiError AUTH_004 for a profile that this key may not act as.
FindCaller = Callable[[Tx, str, str | None], Awaitable[Caller | None]]
