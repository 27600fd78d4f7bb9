"""The rules for brands: one per customer, fixed once filed. Source: contract/NOTES.md a37, d."""

from collections.abc import Sequence
from dataclasses import replace

from sent_server.accounts import service as accounts
from sent_server.accounts.model import Account
from sent_server.compliance import filing, inherited_brands, store
from sent_server.compliance.details import BrandDetails, CampaignTexts
from sent_server.compliance.inherited_brands import brands_of
from sent_server.compliance.model import Brand, Campaign, Facts, FilingState, Registration
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids

__all__ = ["Brand", "Facts", "Registration", "brands_of"]
INHERITED = "Cannot provide brand data when inherit_tcr_brand is true."
READ_ONLY = "This brand is read-only. Set inherit_tcr_brand to false to manage your own brand."
FIXED = "The brand has been submitted to TCR and cannot be changed any more"
EXISTS = "This account already has a brand"


async def brand_of(tx: Tx, customer_id: str) -> Brand | None:
    """The brand that a customer uses, own or inherited (`is_inherited`)."""
    account = await accounts.look_up(tx, customer_id)
    return None if account is None else await inherited_brands.brand_of(tx, account)


async def put_brand(tx: Tx, organization_id: str, profile_id: str, values: BrandDetails, *, now_ms: int) -> Brand:
    """Create a profile's own brand, or change the fields in `values`. Raises VALIDATION_001 once it is filed."""
    await store.lock(tx, organization_id)
    brand = await inherited_brands.own_brand(tx, profile_id)
    if brand is None:
        return await _insert(tx, profile_id, values, now_ms)
    return await _update(tx, brand, brand.details.merged(values), now_ms)


async def create_brand(tx: Tx, account: Account, values: BrandDetails, *, now_ms: int) -> Brand:
    """Raises RESOURCE_007 if one exists, VALIDATION_001 for a profile that inherits its brand."""
    await store.lock(tx, account.organization_id)
    if account.has("inherit_tcr_brand"):
        raise ApiError("VALIDATION_001", INHERITED, details={"brand": [INHERITED]})
    if await inherited_brands.own_brand(tx, account.id):
        raise ApiError("RESOURCE_007", EXISTS)
    return await _insert(tx, account.id, values, now_ms)


async def replace_brand(tx: Tx, account: Account, values: BrandDetails, *, now_ms: int) -> Brand:
    """Raises RESOURCE_009, VALIDATION_001 for an inherited brand and once it is filed."""
    return await _update(tx, await _own_for_change(tx, account), values, now_ms)


async def delete_brand(tx: Tx, account: Account) -> None:
    """Also deletes the customer's campaigns. Raises RESOURCE_009, and VALIDATION_001 like `replace_brand`."""
    brand = await _own_for_change(tx, account)
    _check_open(brand)
    await store.delete_campaigns(tx, account.id)
    await store.delete_brand(tx, brand)


async def campaign_count(tx: Tx, customer_id: str) -> int:
    """The number of campaigns that a customer uses, own or inherited."""
    account = await accounts.look_up(tx, customer_id)
    return 0 if account is None else await store.count_campaigns(tx, inherited_brands.campaign_owner(account))


async def facts(tx: Tx, customer_id: str) -> Facts:
    account = await accounts.look_up(tx, customer_id)
    brand = None if account is None else await inherited_brands.brand_of(tx, account)
    if account is None or brand is None:
        return Facts(False, False, False, 0, Registration.NONE)
    campaigns = await store.campaigns(tx, inherited_brands.campaign_owner(account))
    countries = brand.details.compliance.destination_countries or []
    return Facts(
        has_brand=True,
        is_tcr_application=brand.is_tcr_application,
        has_main_country=any(country.is_main for country in countries),
        campaigns=len(campaigns),
        registration=_registration(brand, campaigns),
    )


async def campaign_texts(tx: Tx, customer_id: str) -> list[CampaignTexts]:
    """The texts of the campaigns that a customer uses, own or inherited, the oldest first."""
    account = await accounts.look_up(tx, customer_id)
    if account is None:
        return []
    return [
        campaign.texts for campaign in reversed(await store.campaigns(tx, inherited_brands.campaign_owner(account)))
    ]


async def hold(tx: Tx, account: Account) -> None:
    """Lock: nothing else in the organization changes brands and campaigns until the transaction ends."""
    await store.lock(tx, account.organization_id)


async def would_file_inherited(tx: Tx, account: Account) -> bool:
    """Whether `file` would file an inherited brand or campaign."""
    brands, campaigns = await _to_file(tx, account)
    return any(one.customer_id != account.id for one in (*brands, *campaigns))


async def file(tx: Tx, customer_id: str, *, now_ms: int) -> None:
    """File the brand and the campaigns that a customer uses at the registry, if they are not filed yet.

    Does nothing without a brand, or for a brand that is not a TCR application.
    """
    account = await accounts.look_up(tx, customer_id)
    if account is None:
        return
    await store.lock(tx, account.organization_id)
    brands, campaigns = await _to_file(tx, account)
    for brand in brands:
        await filing.file_brand(tx, brand, now_ms=now_ms)
    for campaign in campaigns:
        await filing.file_campaign(tx, campaign, now_ms=now_ms)


async def _to_file(tx: Tx, account: Account) -> tuple[list[Brand], list[Campaign]]:
    """The brands and campaigns that the account uses and that are not filed."""
    campaign_owner = inherited_brands.campaign_owner(account)
    used = await store.brands(tx, sorted({inherited_brands.brand_owner(account), campaign_owner}))
    brands = [brand for brand in used if brand.is_tcr_application and not brand.is_fixed]
    owner = account if campaign_owner == account.id else await accounts.look_up(tx, campaign_owner)
    above = None if owner is None else await inherited_brands.brand_of(tx, owner)
    if above is None or not (above.is_fixed or any(brand.id == above.id for brand in brands)):
        return brands, []
    return brands, [one for one in await store.campaigns(tx, campaign_owner) if not one.is_fixed]


def _registration(brand: Brand, campaigns: Sequence[Campaign]) -> Registration:
    states = [campaign.state for campaign in campaigns]
    if brand.state is FilingState.REJECTED or (states and all(state is FilingState.REJECTED for state in states)):
        return Registration.REJECTED
    if brand.state is FilingState.FILED or FilingState.FILED in states:
        return Registration.PENDING
    if brand.state is FilingState.REGISTERED and FilingState.REGISTERED in states:
        return Registration.APPROVED
    return Registration.NONE


async def _insert(tx: Tx, customer_id: str, details: BrandDetails, now_ms: int) -> Brand:
    brand = Brand(
        customer_id=customer_id,
        id=ids.new_id(now_ms),
        details=details,
        state=FilingState.DRAFT,
        reference=None,
        csp_id=None,
        universal_ein=None,
        identity_status=None,
        rejection_reason=None,
        submitted_at_ms=None,
        created_at_ms=now_ms,
        updated_at_ms=None,
    )
    await store.insert_brand(tx, brand)
    return brand


async def _update(tx: Tx, brand: Brand, details: BrandDetails, now_ms: int) -> Brand:
    _check_open(brand)
    changed = replace(brand, details=details, updated_at_ms=now_ms)
    if brand.state is FilingState.REJECTED:
        return await filing.file_brand(tx, changed, now_ms=now_ms)
    await store.update_brand(tx, changed)
    return changed


async def _own_for_change(tx: Tx, account: Account) -> Brand:
    await store.lock(tx, account.organization_id)
    if account.has("inherit_tcr_brand"):
        raise ApiError("VALIDATION_001", READ_ONLY)
    brand = await inherited_brands.own_brand(tx, account.id)
    if brand is None:
        raise ApiError("RESOURCE_009")
    return brand


def _check_open(brand: Brand) -> None:
    if brand.is_fixed:
        raise ApiError("VALIDATION_001", FIXED, details={"brand": [FIXED]})
