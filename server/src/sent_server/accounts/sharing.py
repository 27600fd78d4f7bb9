"""Sharing between an organization and its profiles: who sees whose contacts and templates.

A profile that inherits a collection sees its organization's, and that of every sibling that shares it.
"""

from sent_server.accounts import store
from sent_server.accounts.model import Account, flags_of
from sent_server.db import Tx
from sent_server.http.caller import NO_SHARING, SharingScope

CONTACTS, TEMPLATES = "contacts", "templates"
SHARES = {CONTACTS: "allow_contact_sharing", TEMPLATES: "allow_template_sharing"}
MAX_SHARING = 100
MAX_REMEMBERED = 100_000
# A customer's kind never changes, so customers that are not profiles are remembered.
_not_profiles: set[str] = set()


async def scope_of(tx: Tx, customer_id: str) -> SharingScope:
    """One statement for a profile, and none for an organization that this process already knows."""
    if customer_id in _not_profiles:
        return NO_SHARING
    rows = await store.family(tx, customer_id)
    if not rows:
        return NO_SHARING
    kind, organization_id, settings_json, _, _ = rows[0]
    if kind != "profile":
        if len(_not_profiles) >= MAX_REMEMBERED:
            _not_profiles.clear()
        _not_profiles.add(customer_id)
        return NO_SHARING
    flags = flags_of(settings_json)
    seen: dict[str, tuple[str, ...]] = {}
    for collection in (CONTACTS, TEMPLATES):
        siblings = [profile_id for *_, shared, profile_id in rows if shared == collection]
        seen[collection] = (organization_id, *siblings) if flags[f"inherit_{collection}"] else ()
    return SharingScope(
        consent=seen[CONTACTS] or (organization_id,), contacts=seen[CONTACTS], templates=seen[TEMPLATES]
    )


async def for_change(tx: Tx, organization_id: str, profile_id: str) -> Account | None:
    """A profile of this organization, locked until the end of the transaction."""
    return await store.profile_for_change(tx, organization_id, profile_id)


async def change(tx: Tx, profile: Account) -> None:
    """Write a changed profile from `for_change`. Its flags decide what others may see of it."""
    await store.change_profile(tx, profile)
    await share(tx, profile)


async def share(tx: Tx, profile: Account) -> None:
    for collection, flag in SHARES.items():
        await store.set_shared(tx, profile.organization_id, collection, profile.id, shared=profile.has(flag))


async def remove(tx: Tx, profile: Account, *, now_ms: int) -> None:
    """Its keys stop working and its data becomes invisible. The rows remain."""
    await store.delete_profile(tx, profile.id, now_ms=now_ms)
    for collection in SHARES:
        await store.set_shared(tx, profile.organization_id, collection, profile.id, shared=False)


async def too_many_share(tx: Tx, profile: Account, flag: str) -> bool:
    """Whether the maximum of profiles shares this collection. Each of them makes its siblings' lists slower."""
    collection = next(name for name, sharing in SHARES.items() if sharing == flag)
    others = set(await store.sharing(tx, profile.organization_id, collection)) - {profile.id}
    return len(others) >= MAX_SHARING
