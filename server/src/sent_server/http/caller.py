"""Who is calling: the value that authentication hands to every handler."""

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
    """Customers besides itself that concern a profile, its organization first; nobody for whoever is no profile.

    Whose `contacts` and `templates` it sees and may use, and whose opt-outs bind it (`consent`): always its
    organization's, as both may write from one number, and those of whoever it has a contact from.
    """

    consent: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


NO_SHARING = SharingScope()


@value_object
class Caller:
    """`customer_id` owns the rows (the profile when one acts), `organization_id` the rate limits.

    `ledger_id` is the customer whose balance pays. `gate` is the AUTH_00x code that keeps an account out
    until its set-up is finished, or None. `scoped` tells that x-profile-id chose the profile. `user_id` is the person
    that the key was made for, a user of the key's own customer (the organization's, when the profile was chosen).
    `quotas` are those that differ from the settings, by name.
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

    @property
    def is_organization(self) -> bool:
        """Whether the key is the organization's, also when x-profile-id chose one of its profiles."""
        return self.scoped or self.customer_id == self.organization_id

    def quota(self, name: str, otherwise: int) -> int:
        return self.quotas.get(name, otherwise)


# (tx, SHA-256 hex of the key, x-profile-id or None) -> the caller; None for an unknown or revoked key.
# Raises ApiError AUTH_004 for a profile that this key may not act as.
FindCaller = Callable[[Tx, str, str | None], Awaitable[Caller | None]]
