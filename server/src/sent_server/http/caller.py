"""The authenticated caller, which every handler receives."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from enum import StrEnum

from sent_server.db import Tx
from sent_server.kernel.values import value_object


class Role(StrEnum):
    ADMIN = "admin"
    DEVELOPER = "developer"
    BILLING = "billing"


class Tier(StrEnum):
    STARTER = "starter"
    GROWTH = "growth"
    ENTERPRISE = "enterprise"
    UNLIMITED = "unlimited"


@value_object
class SharingScope:
    """Other customers whose data applies to a profile, its organization first. Empty for other accounts.

    The profile sees and uses their `contacts` and `templates`, and their opt-outs apply to it (`consent`). The latter
    always include its organization, since both may send from one number, and every account it inherits contacts from.
    """

    consent: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


NO_SHARING = SharingScope()


@value_object
class Caller:
    """`customer_id` owns the rows (the profile when one acts), `organization_id` the rate limits.

    `ledger_id` is the customer whose balance pays. `gate` is the AUTH_00x code that blocks an account until its setup
    is complete, or None. `scoped`: x-profile-id selected the profile. `user_id` is the user that the key belongs to, a
    user of the key's own customer (the organization, if x-profile-id selected the profile). `quotas` are those that
    differ from the settings, by name, `options` those that are on.
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
    user_id: str | None = None
    sharing: SharingScope = NO_SHARING
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])
    options: frozenset[str] = frozenset()

    @property
    def is_organization(self) -> bool:
        """Whether the key belongs to the organization, even if x-profile-id selected one of its profiles."""
        return self.scoped or self.customer_id == self.organization_id

    def quota(self, name: str, otherwise: int) -> int:
        return self.quotas.get(name, otherwise)


# (tx, SHA-256 hex of the key, x-profile-id or None) -> the caller; None for an unknown or revoked key.
# Raises ApiError AUTH_004 for a profile that this key may not act as.
FindCaller = Callable[[Tx, str, str | None], Awaitable[Caller | None]]
