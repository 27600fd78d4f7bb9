"""The SQL of profile details."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from sent_server.db import Row, Tx
from sent_server.db.database import fetch_one
from sent_server.kernel.values import value_object
from sent_server.profiles.model import BillingContact, ProfileDetails

OF_PROFILES = """
    SELECT customer_id, billing_contact_json, payment_reference, waba_id, numbers_json, preferences_json
    FROM profile_details
    WHERE customer_id IN (:profile_ids[])
"""
PUT = """
    INSERT INTO profile_details
        (customer_id, billing_contact_json, payment_reference, numbers_json, preferences_json)
    VALUES
        (:customer_id, :billing_contact_json, :payment_reference, :numbers_json, :preferences_json)
    ON CONFLICT (customer_id) DO UPDATE
    SET billing_contact_json = excluded.billing_contact_json, payment_reference = excluded.payment_reference,
        numbers_json = excluded.numbers_json, preferences_json = excluded.preferences_json
"""
SET_WABA = """
    UPDATE profile_details
    SET waba_id = :waba_id, waba_phone_number_id = :waba_phone_number_id, waba_token_sealed = :waba_token_sealed
    WHERE customer_id = :customer_id
"""
START = """
    INSERT INTO profile_completions (customer_id, id, webhook_url, by_organization, started_at_ms)
    VALUES (:customer_id, :id, :webhook_url, :by_organization, :started_at_ms)
"""
UNDER_WAY = """
    SELECT id FROM profile_completions
    WHERE customer_id = :customer_id AND webhook_url = :webhook_url AND by_organization >= :by_organization
        AND finished_at_ms IS NULL
"""
COMPLETION = """
    SELECT id, webhook_url, by_organization, started_at_ms, finished_at_ms
    FROM profile_completions
    WHERE customer_id = :customer_id AND id = :id
"""
FINISH = """
    UPDATE profile_completions
    SET outcome = :outcome, finished_at_ms = :finished_at_ms
    WHERE customer_id = :customer_id AND id = :id AND finished_at_ms IS NULL
"""


@value_object
class Completion:
    id: str
    webhook_url: str
    by_organization: int
    started_at_ms: int
    finished_at_ms: int | None


async def details(tx: Tx, profile_ids: Sequence[str]) -> dict[str, ProfileDetails]:
    """Details by profile. A profile that an operator created has none."""
    return {row[0]: _details(row) for row in await tx.fetch(OF_PROFILES, profile_ids=profile_ids)}


async def put(tx: Tx, customer_id: str, details: ProfileDetails) -> None:
    """Write everything except the WhatsApp account, which `set_waba` writes."""
    contact = details.billing_contact
    await tx.execute(
        PUT,
        customer_id=customer_id,
        billing_contact_json=None if contact is None else orjson.dumps(asdict(contact)).decode(),
        payment_reference=details.payment_reference,
        numbers_json=orjson.dumps(dict(details.numbers)).decode(),
        preferences_json=orjson.dumps(dict(details.preferences)).decode(),
    )


async def set_waba(tx: Tx, customer_id: str, *, waba_id: str, phone_number_id: str | None, token_sealed: str) -> None:
    await tx.execute(
        SET_WABA,
        customer_id=customer_id,
        waba_id=waba_id,
        waba_phone_number_id=phone_number_id,
        waba_token_sealed=token_sealed,
    )


async def start(
    tx: Tx, customer_id: str, completion_id: str, *, webhook_url: str, by_organization: bool, now_ms: int
) -> None:
    await tx.execute(
        START,
        customer_id=customer_id,
        id=completion_id,
        webhook_url=webhook_url,
        by_organization=int(by_organization),
        started_at_ms=now_ms,
    )


async def under_way(tx: Tx, customer_id: str, webhook_url: str, *, by_organization: bool) -> bool:
    """Whether a completion with at least the same scope is in progress."""
    wanted = int(by_organization)
    rows = await tx.fetch(UNDER_WAY, customer_id=customer_id, webhook_url=webhook_url, by_organization=wanted)
    return bool(rows)


async def completion(tx: Tx, customer_id: str, completion_id: str) -> Completion | None:
    row = await fetch_one(tx, COMPLETION, customer_id=customer_id, id=completion_id)
    return Completion(*row) if row else None


async def finish(tx: Tx, customer_id: str, completion_id: str, *, outcome: str, now_ms: int) -> bool:
    """False when it was finished before."""
    changed = await tx.execute(
        FINISH, customer_id=customer_id, id=completion_id, outcome=outcome, finished_at_ms=now_ms
    )
    return changed > 0


def _details(row: Row) -> ProfileDetails:
    _, contact_json, payment_reference, waba_id, numbers_json, preferences_json = row
    return ProfileDetails(
        billing_contact=BillingContact(**orjson.loads(contact_json)) if contact_json else None,
        payment_reference=payment_reference,
        waba_id=waba_id,
        numbers=orjson.loads(numbers_json),
        preferences=orjson.loads(preferences_json),
    )
