"""The rules for campaigns: they belong to a brand and are fixed once filed. Source: contract/NOTES.md d."""

from collections.abc import Sequence
from dataclasses import replace

from sent_server.accounts.model import Account
from sent_server.compliance import filing, inherited_brands, store
from sent_server.compliance.details import CampaignDetails
from sent_server.compliance.model import Brand, Campaign, FilingState, UseCase
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids

MAX_CAMPAIGNS = 100
NO_OWN = (
    "Cannot create campaigns when inherit_tcr_campaign=true. "
    "Set inherit_tcr_campaign=false to create your own campaigns."
)
READ_ONLY = "These campaigns are read-only. Set inherit_tcr_campaign to false to manage your own campaigns."
FIXED = "The campaign has been submitted to TCR and cannot be changed any more"
FULL = f"A brand can have at most {MAX_CAMPAIGNS} campaigns"


async def used_by(tx: Tx, account: Account) -> tuple[list[Campaign], str]:
    """The campaigns that a customer uses, own or inherited, newest first, and the id of their brand.

    Raises RESOURCE_009.
    """
    brand = await _brand(tx, account)
    owner = inherited_brands.campaign_owner(account)
    if owner != account.id and owner != brand.customer_id:  # it has its own brand, and inherited campaigns
        above = await inherited_brands.own_brand(tx, owner)
        return ([], brand.id) if above is None else (await store.campaigns(tx, owner), above.id)
    return await store.campaigns(tx, owner), brand.id


async def create(tx: Tx, account: Account, details: CampaignDetails, *, now_ms: int) -> tuple[Campaign, str]:
    """Create a campaign. Returns it with the id of its brand. Under a filed brand it is filed at once.

    Raises VALIDATION_001 when campaigns are inherited, RESOURCE_009.
    """
    await store.lock(tx, account.organization_id)
    if account.has("inherit_tcr_campaign"):
        raise ApiError("VALIDATION_001", NO_OWN)
    brand = await _brand(tx, account)
    if await store.count_campaigns(tx, account.id) >= MAX_CAMPAIGNS:
        raise ApiError("VALIDATION_001", FULL)
    campaign = Campaign(
        customer_id=account.id,
        id=ids.new_id(now_ms),
        texts=details.texts,
        use_cases=_use_cases(details, [], now_ms),
        state=FilingState.DRAFT,
        reference=None,
        csp_id=None,
        rejection_reason=None,
        submitted_at_ms=None,
        created_at_ms=now_ms,
        updated_at_ms=None,
    )
    await store.insert_campaign(tx, campaign)
    if brand.is_fixed:
        campaign = await filing.file_campaign(tx, campaign, now_ms=now_ms)
    return campaign, brand.id


async def update(
    tx: Tx, account: Account, campaign_id: str, details: CampaignDetails, *, now_ms: int
) -> tuple[Campaign, str]:
    """Replace the campaign. A rejected one is filed again if its brand is filed.

    Raises VALIDATION_001 for inherited and for filed campaigns, RESOURCE_009, RESOURCE_010.
    """
    brand, campaign = await _own_for_change(tx, account, campaign_id)
    if campaign.is_fixed:
        raise ApiError("VALIDATION_001", FIXED, details={"campaign": [FIXED]})
    changed = replace(
        campaign,
        texts=details.texts,
        use_cases=_use_cases(details, campaign.use_cases, now_ms),
        updated_at_ms=now_ms,
    )
    if brand.is_fixed:
        return await filing.file_campaign(tx, changed, now_ms=now_ms), brand.id
    await store.update_campaign(tx, changed)
    return changed, brand.id


async def delete(tx: Tx, account: Account, campaign_id: str) -> None:
    """Delete a campaign, filed or not. Raises VALIDATION_001 for inherited ones, RESOURCE_009, RESOURCE_010."""
    await _own_for_change(tx, account, campaign_id)
    await store.delete_campaign(tx, account.id, campaign_id)


async def _brand(tx: Tx, account: Account) -> Brand:
    brand = await inherited_brands.brand_of(tx, account)
    if brand is None:
        raise ApiError("RESOURCE_009")
    return brand


async def _own_for_change(tx: Tx, account: Account, campaign_id: str) -> tuple[Brand, Campaign]:
    await store.lock(tx, account.organization_id)
    if account.has("inherit_tcr_campaign"):
        raise ApiError("VALIDATION_001", READ_ONLY)
    brand = await _brand(tx, account)
    campaign = await store.campaign(tx, account.id, campaign_id)
    if campaign is None:
        raise ApiError("RESOURCE_010")
    return brand, campaign


def _use_cases(details: CampaignDetails, old: Sequence[UseCase], now_ms: int) -> list[UseCase]:
    """A use case of the same kind keeps its id."""
    left = list(old)
    found: list[UseCase] = []
    for wanted in details.use_cases:
        kept = next((one for one in left if one.kind == wanted.messaging_use_case_us), None)
        if kept is None:
            new = UseCase(ids.new_id(now_ms), wanted.messaging_use_case_us, wanted.sample_messages, now_ms, None)
            found.append(new)
            continue
        left.remove(kept)
        is_same = kept.sample_messages == wanted.sample_messages
        found.append(kept if is_same else replace(kept, sample_messages=wanted.sample_messages, updated_at_ms=now_ms))
    return found
