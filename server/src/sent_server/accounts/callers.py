"""Finds the caller for the hash of an API key, and active customers as callers."""

from collections.abc import Sequence

from sent_server.accounts import sharing, store
from sent_server.accounts.model import gate, load_options, load_quotas, payer, shown_role
from sent_server.db import Tx
from sent_server.db.database import fetch_one
from sent_server.errors import ApiError
from sent_server.http.caller import Caller, Role, Tier
from sent_server.kernel import ids

OUT_OF_REACH = "You do not have access to this organization or profile"


async def find_caller(tx: Tx, key_hash: str, profile_id: str | None) -> Caller | None:
    """None for a key that is unknown, revoked, or belongs to a user who is no longer active.

    Raises the same AUTH_004 for every profile that the key may not act as.
    """
    row = await fetch_one(tx, store.BY_KEY, key_hash=key_hash)
    if row is None:
        return None
    key_id, role, user_id, customer_id, kind, organization_id, billing_model, *account, channels = row
    status, tier, per_minute, own_quotas, options = account
    acting_id, acting_billing = customer_id, billing_model
    if profile_id is not None:
        acting_id, acting_billing = await _scoped(tx, kind, organization_id, profile_id)
    return Caller(
        customer_id=acting_id,
        organization_id=organization_id,
        ledger_id=payer(acting_id, organization_id, acting_billing),
        key_id=key_id,
        role=Role(shown_role(role)),
        tier=Tier(tier),
        messages_per_minute=per_minute,
        gate=gate(status, has_channel=channels > 0),
        scoped=profile_id is not None,
        user_id=user_id,
        sharing=await sharing.scope_of(tx, acting_id),
        quotas=load_quotas(own_quotas),
        options=load_options(options),
    )


async def caller_of_user(tx: Tx, customer_id: str, *, user_id: str, role: str, at_home: bool) -> Caller | None:
    """The caller for a person who acts on the account. None if the account is gone.

    `at_home`: the person is a user of this account; otherwise of its organization, as with x-profile-id.
    """
    row = await fetch_one(tx, store.BY_ID, customer_id=customer_id)
    if row is None:
        return None
    _, _, organization_id, billing_model, status, tier, per_minute, own_quotas, channels = row
    return Caller(
        customer_id=customer_id,
        organization_id=organization_id,
        ledger_id=payer(customer_id, organization_id, billing_model),
        key_id="",
        role=Role(shown_role(role)),
        tier=Tier(tier),
        messages_per_minute=per_minute,
        gate=gate(status, has_channel=channels > 0),
        scoped=not at_home,
        user_id=user_id,
        sharing=await sharing.scope_of(tx, customer_id),
        quotas=load_quotas(own_quotas),
    )


async def active_callers(tx: Tx, customer_ids: Sequence[str]) -> dict[str, Caller]:
    """The customers as callers without a key, for what they asked for earlier. Only those whose account is active."""
    found: dict[str, Caller] = {}
    for row in await tx.fetch(store.ACTIVE_BY_ID, customer_ids=customer_ids):
        customer_id, organization_id, billing_model, tier, per_minute, own_quotas, options = row
        found[customer_id] = Caller(
            customer_id=customer_id,
            organization_id=organization_id,
            ledger_id=payer(customer_id, organization_id, billing_model),
            key_id="",
            role=Role.DEVELOPER,
            tier=Tier(tier),
            messages_per_minute=per_minute,
            gate=None,
            sharing=await sharing.scope_of(tx, customer_id),
            quotas=load_quotas(own_quotas),
            options=load_options(options),
        )
    return found


async def _scoped(tx: Tx, kind: str, organization_id: str, profile_id: str) -> tuple[str, str | None]:
    wanted = ids.parse_uuid(profile_id)
    row = None
    if wanted and kind == "organization":
        row = await fetch_one(tx, store.PROFILE_OF, customer_id=organization_id, id=wanted)
    if row is None:
        raise ApiError("AUTH_004", OUT_OF_REACH)
    return row[0], row[1]
