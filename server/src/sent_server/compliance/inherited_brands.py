"""Finds the brand and campaigns that a customer uses: its own, or those that a profile inherits."""

from collections.abc import Sequence
from dataclasses import replace

from sent_server.accounts.model import Account
from sent_server.compliance import store
from sent_server.compliance.model import Brand
from sent_server.db import Tx


def brand_owner(account: Account) -> str:
    return account.organization_id if account.has("inherit_tcr_brand") else account.id


def campaign_owner(account: Account) -> str:
    return account.organization_id if account.has("inherit_tcr_campaign") else account.id


async def brands_of(tx: Tx, accounts: Sequence[Account]) -> dict[str, Brand]:
    """The brand of each account, by account id. Accounts without a brand are absent. One statement."""
    owners = {account.id: brand_owner(account) for account in accounts}
    found = {brand.customer_id: brand for brand in await store.brands(tx, sorted(set(owners.values())))}
    return {
        account_id: replace(found[owner], is_inherited=owner != account_id)
        for account_id, owner in owners.items()
        if owner in found
    }


async def brand_of(tx: Tx, account: Account) -> Brand | None:
    return (await brands_of(tx, [account])).get(account.id)


async def own_brand(tx: Tx, customer_id: str) -> Brand | None:
    return next(iter(await store.brands(tx, [customer_id])), None)
