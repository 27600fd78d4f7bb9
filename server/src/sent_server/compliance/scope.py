"""Resolves ids of profiles and brands for a caller. Ids out of scope and unknown ids give the same error."""

from sent_server.accounts import service as accounts
from sent_server.accounts.model import Account
from sent_server.compliance import inherited_brands, store
from sent_server.compliance.model import Brand
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller


async def profile(tx: Tx, caller: Caller, profile_id: str) -> Account:
    """An organization can access its profiles. A profile, also by x-profile-id, only itself. Raises RESOURCE_014."""
    is_organization = caller.customer_id == caller.organization_id
    found = None
    if is_organization or profile_id == caller.customer_id:
        found = await accounts.profile(tx, caller.organization_id, profile_id)
    if found is None:
        raise ApiError("RESOURCE_014")
    return found


async def oneself(tx: Tx, caller: Caller) -> Account:
    found = await accounts.look_up(tx, caller.customer_id)
    if found is None:  # deleted since its key was looked up
        raise ApiError("AUTH_002")
    return found


async def brands(tx: Tx, caller: Caller) -> list[Brand]:
    """The brand that the caller uses. For an organization also those of its profiles. Newest first."""
    account = await oneself(tx, caller)
    if account.id != account.organization_id:
        brand = await inherited_brands.brand_of(tx, account)
        return [] if brand is None else [brand]
    return await store.brands(tx, [account.id, *(one.id for one in await accounts.profiles(tx, account.id))])


async def user_of_brand(tx: Tx, caller: Caller, brand_id: str) -> Account:
    """The account of a brand id: its owner, or the calling profile that inherits it. Raises RESOURCE_009."""
    for brand in await brands(tx, caller):
        if brand.id == brand_id:
            user_id = caller.customer_id if brand.is_inherited else brand.customer_id
            found = await accounts.look_up(tx, user_id)
            if found is not None:
                return found
    raise ApiError("RESOURCE_009")
