"""The SQL of brands and campaigns."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from sent_server.compliance import details
from sent_server.compliance.model import Brand, Campaign, FilingState, UseCase
from sent_server.db import Row, Tx
from sent_server.db.database import fetch_one

# One writer per organization at a time: its profiles see its brand and its campaigns.
LOCK = """
    SELECT 1 /*pg: FROM pg_advisory_xact_lock(hashtextextended('compliance:' || CAST(:customer_id AS TEXT), 0))*/
"""
BRAND_COLUMNS = """customer_id, id, details_json, state, reference, csp_id, universal_ein, identity_status,
        rejection_reason, submitted_at_ms, created_at_ms, updated_at_ms"""
BRANDS = f"""
    SELECT {BRAND_COLUMNS} FROM brands
    WHERE customer_id IN (:customer_ids[])
    ORDER BY id DESC
"""
INSERT_BRAND = """
    INSERT INTO brands (customer_id, id, details_json, state, created_at_ms)
    VALUES (:customer_id, :id, :details_json, :state, :created_at_ms)
"""
UPDATE_BRAND = """
    UPDATE brands
    SET details_json = :details_json, state = :state, reference = :reference, csp_id = :csp_id,
        universal_ein = :universal_ein, identity_status = :identity_status, rejection_reason = :rejection_reason,
        submitted_at_ms = :submitted_at_ms, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
# A verdict belongs to one submission of one row. A verdict on an older submission changes nothing.
DECIDE_BRAND = f"""{UPDATE_BRAND}        AND state = 'filed' AND submitted_at_ms = :asked_about_ms
"""
DELETE_BRAND = """
    DELETE FROM brands
    WHERE customer_id = :customer_id AND id = :id
"""
CAMPAIGN_COLUMNS = """customer_id, id, details_json, use_cases_json, state, reference, csp_id, rejection_reason,
        submitted_at_ms, created_at_ms, updated_at_ms"""
CAMPAIGNS = f"""
    SELECT {CAMPAIGN_COLUMNS} FROM campaigns
    WHERE customer_id = :customer_id
    ORDER BY id DESC
"""
CAMPAIGN = f"""
    SELECT {CAMPAIGN_COLUMNS} FROM campaigns
    WHERE customer_id = :customer_id AND id = :id
"""
COUNT_CAMPAIGNS = """
    SELECT COUNT(*) FROM campaigns
    WHERE customer_id = :customer_id
"""
INSERT_CAMPAIGN = """
    INSERT INTO campaigns (customer_id, id, details_json, use_cases_json, state, submitted_at_ms, created_at_ms)
    VALUES (:customer_id, :id, :details_json, :use_cases_json, :state, :submitted_at_ms, :created_at_ms)
"""
UPDATE_CAMPAIGN = """
    UPDATE campaigns
    SET details_json = :details_json, use_cases_json = :use_cases_json, state = :state, reference = :reference,
        csp_id = :csp_id, rejection_reason = :rejection_reason, submitted_at_ms = :submitted_at_ms,
        updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
DECIDE_CAMPAIGN = f"""{UPDATE_CAMPAIGN}        AND state = 'filed' AND submitted_at_ms = :asked_about_ms
"""
DELETE_CAMPAIGN = """
    DELETE FROM campaigns
    WHERE customer_id = :customer_id AND id = :id
"""
DELETE_CAMPAIGNS = """
    DELETE FROM campaigns
    WHERE customer_id = :customer_id
"""


async def lock(tx: Tx, organization_id: str) -> None:
    """Wait for other writers of this organization. Rows read afterwards stay valid until our commit."""
    await tx.fetch(LOCK, customer_id=organization_id)


async def brands(tx: Tx, customer_ids: Sequence[str]) -> list[Brand]:
    """Newest first."""
    return [_brand(row) for row in await tx.fetch(BRANDS, customer_ids=customer_ids)]


async def insert_brand(tx: Tx, brand: Brand) -> None:
    await tx.execute(
        INSERT_BRAND,
        customer_id=brand.customer_id,
        id=brand.id,
        details_json=details.dump(brand.details),
        state=brand.state.value,
        created_at_ms=brand.created_at_ms,
    )


async def update_brand(tx: Tx, brand: Brand) -> None:
    await tx.execute(UPDATE_BRAND, **_brand_values(brand))


async def decide_brand(tx: Tx, brand: Brand, *, asked_about_ms: int) -> bool:
    """False if the brand was deleted, decided or filed again in the meantime."""
    return await tx.execute(DECIDE_BRAND, **_brand_values(brand), asked_about_ms=asked_about_ms) > 0


async def delete_brand(tx: Tx, brand: Brand) -> None:
    await tx.execute(DELETE_BRAND, customer_id=brand.customer_id, id=brand.id)


async def campaigns(tx: Tx, customer_id: str) -> list[Campaign]:
    """Newest first."""
    return [_campaign(row) for row in await tx.fetch(CAMPAIGNS, customer_id=customer_id)]


async def campaign(tx: Tx, customer_id: str, campaign_id: str) -> Campaign | None:
    row = await fetch_one(tx, CAMPAIGN, customer_id=customer_id, id=campaign_id)
    return _campaign(row) if row else None


async def count_campaigns(tx: Tx, customer_id: str) -> int:
    return (await tx.fetch(COUNT_CAMPAIGNS, customer_id=customer_id))[0][0]


async def insert_campaign(tx: Tx, campaign: Campaign) -> None:
    await tx.execute(
        INSERT_CAMPAIGN,
        customer_id=campaign.customer_id,
        id=campaign.id,
        details_json=details.dump(campaign.texts),
        use_cases_json=_dumped(campaign.use_cases),
        state=campaign.state.value,
        submitted_at_ms=campaign.submitted_at_ms,
        created_at_ms=campaign.created_at_ms,
    )


async def update_campaign(tx: Tx, campaign: Campaign) -> None:
    await tx.execute(UPDATE_CAMPAIGN, **_campaign_values(campaign))


async def decide_campaign(tx: Tx, campaign: Campaign, *, asked_about_ms: int) -> bool:
    """False if the campaign was deleted, decided or filed again in the meantime."""
    return await tx.execute(DECIDE_CAMPAIGN, **_campaign_values(campaign), asked_about_ms=asked_about_ms) > 0


async def delete_campaign(tx: Tx, customer_id: str, campaign_id: str) -> bool:
    return await tx.execute(DELETE_CAMPAIGN, customer_id=customer_id, id=campaign_id) > 0


async def delete_campaigns(tx: Tx, customer_id: str) -> None:
    await tx.execute(DELETE_CAMPAIGNS, customer_id=customer_id)


def _brand_values(brand: Brand) -> dict[str, str | int | None]:
    return {
        "customer_id": brand.customer_id,
        "id": brand.id,
        "details_json": details.dump(brand.details),
        "state": brand.state.value,
        "reference": brand.reference,
        "csp_id": brand.csp_id,
        "universal_ein": brand.universal_ein,
        "identity_status": brand.identity_status,
        "rejection_reason": brand.rejection_reason,
        "submitted_at_ms": brand.submitted_at_ms,
        "updated_at_ms": brand.updated_at_ms,
    }


def _campaign_values(campaign: Campaign) -> dict[str, str | int | None]:
    return {
        "customer_id": campaign.customer_id,
        "id": campaign.id,
        "details_json": details.dump(campaign.texts),
        "use_cases_json": _dumped(campaign.use_cases),
        "state": campaign.state.value,
        "reference": campaign.reference,
        "csp_id": campaign.csp_id,
        "rejection_reason": campaign.rejection_reason,
        "submitted_at_ms": campaign.submitted_at_ms,
        "updated_at_ms": campaign.updated_at_ms,
    }


def _dumped(use_cases: Sequence[UseCase]) -> str:
    return orjson.dumps([asdict(one) for one in use_cases]).decode()


def _brand(row: Row) -> Brand:
    customer_id, id_, details_json, state, *rest = row
    return Brand(customer_id, id_, details.load_brand(details_json), FilingState(state), *rest)


def _campaign(row: Row) -> Campaign:
    customer_id, id_, details_json, use_cases_json, state, *rest = row
    use_cases = [UseCase(**one) for one in orjson.loads(use_cases_json)]
    return Campaign(customer_id, id_, details.load_campaign(details_json), use_cases, FilingState(state), *rest)
