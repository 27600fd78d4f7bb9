"""The SQL of accounts and keys."""

from collections.abc import Collection

import orjson

from sent_server.accounts import model
from sent_server.accounts.model import Account, Key
from sent_server.db import Row, Tx
from sent_server.db.database import fetch_one

COLUMNS = """id, kind, organization_id, name, short_name, email, icon, description, status, profile_status,
        settings_json, billing_model, tier, messages_per_minute, created_at_ms, updated_at_ms, template_auto_creation"""
INSERT = """
    INSERT INTO customers (id, kind, organization_id, name, short_name, email, icon, description, status,
        profile_status, settings_json, billing_model, tier, messages_per_minute, callback_secret_sealed, created_at_ms)
    VALUES (:id, :kind, :organization_id, :name, :short_name, :email, :icon, :description, :status,
        :profile_status, :settings_json, :billing_model, :tier, :messages_per_minute, :callback_secret_sealed,
        :created_at_ms)
"""
FIND = f"""
    SELECT {COLUMNS} FROM customers
    WHERE id = :customer_id AND deleted_at_ms IS NULL
"""
PROFILES = f"""
    SELECT {COLUMNS} FROM customers
    WHERE organization_id = :customer_id AND kind = 'profile' AND deleted_at_ms IS NULL
    ORDER BY id
"""
COUNT_PROFILES = """
    SELECT COUNT(*) FROM customers
    WHERE organization_id = :customer_id AND kind = 'profile' AND deleted_at_ms IS NULL
"""
# Transactions that add a profile to an organization wait here, so that concurrent ones cannot exceed its quota.
LOCK_PROFILES = """
    SELECT 1 /*pg: FROM pg_advisory_xact_lock(hashtextextended('profiles:' || CAST(:customer_id AS TEXT), 0))*/
"""
PROFILE_FOR_CHANGE = f"""
    SELECT {COLUMNS} FROM customers
    WHERE organization_id = :customer_id AND id = :id AND kind = 'profile' AND deleted_at_ms IS NULL
    /*pg: FOR UPDATE*/
"""
CHANGE_PROFILE = """
    UPDATE customers
    SET name = :name, short_name = :short_name, icon = :icon, description = :description,
        profile_status = :profile_status, settings_json = :settings_json, billing_model = :billing_model,
        updated_at_ms = :updated_at_ms
    WHERE id = :customer_id
"""
DELETE_PROFILE = """
    UPDATE customers
    SET deleted_at_ms = :now_ms
    WHERE id = :customer_id
"""
# Customers that do not belong to another one. Two rows answer the question.
SOME_ORGANIZATIONS = """
    SELECT id FROM customers
    WHERE kind <> 'profile' AND deleted_at_ms IS NULL
    LIMIT 2
"""
SHARE = """
    INSERT INTO shared_collections (customer_id, collection, profile_id)
    VALUES (:customer_id, :collection, :profile_id)
    ON CONFLICT (customer_id, collection, profile_id) DO NOTHING
"""
UNSHARE = """
    DELETE FROM shared_collections
    WHERE customer_id = :customer_id AND collection = :collection AND profile_id = :profile_id
"""
SHARING = """
    SELECT profile_id FROM shared_collections
    WHERE customer_id = :customer_id AND collection = :collection
    ORDER BY profile_id
"""
# One row per shared collection of the organization, or one row without a collection if nothing is shared.
FAMILY = """
    SELECT c.kind, c.organization_id, c.settings_json, s.collection, s.profile_id
    FROM customers c
    LEFT JOIN shared_collections s ON s.customer_id = c.organization_id AND s.profile_id <> c.id
    WHERE c.id = :customer_id
    ORDER BY s.profile_id
"""
SET_STATUS = """
    UPDATE customers
    SET status = :status, updated_at_ms = :updated_at_ms
    WHERE organization_id = :customer_id
"""
SET_TIER = """
    UPDATE customers
    SET tier = :tier, messages_per_minute = :messages_per_minute
    WHERE organization_id = :customer_id
"""
SET_TEMPLATE_AUTO_CREATION = """
    UPDATE customers
    SET template_auto_creation = :allowed
    WHERE id = :customer_id
"""
SET_MMS = """
    UPDATE customers
    SET mms = :mms
    WHERE id = :customer_id
"""
QUOTAS = """
    SELECT quotas_json FROM customers
    WHERE id = :customer_id
"""
QUOTAS_FOR_CHANGE = QUOTAS + "    /*pg: FOR UPDATE*/\n"
SET_QUOTAS = """
    UPDATE customers
    SET quotas_json = :quotas_json
    WHERE id = :customer_id
"""
OPTIONS = """
    SELECT options_json FROM customers
    WHERE id = :customer_id
"""
OPTIONS_FOR_CHANGE = OPTIONS + "    /*pg: FOR UPDATE*/\n"
SET_OPTIONS = """
    UPDATE customers
    SET options_json = :options_json
    WHERE id = :customer_id
"""
CALLBACK_SEALED = """
    SELECT callback_secret_sealed FROM customers
    WHERE id = :customer_id
"""
INSERT_KEY = """
    INSERT INTO api_keys (key_hash, id, customer_id, role, hint, created_at_ms, user_id)
    VALUES (:key_hash, :id, :customer_id, :role, :hint, :created_at_ms, :user_id)
"""
KEYS = """
    SELECT k.id, k.customer_id, COALESCE(u.role, k.role), k.hint, k.created_at_ms, k.revoked_at_ms, k.user_id
    FROM api_keys k
    LEFT JOIN users u ON u.customer_id = k.customer_id AND u.id = k.user_id
    WHERE k.customer_id = :customer_id
    ORDER BY k.id
"""
REVOKE_KEY = """
    UPDATE api_keys
    SET revoked_at_ms = COALESCE(revoked_at_ms, :now_ms)
    WHERE id = :id
"""
REVOKE_KEYS_OF_USER = """
    UPDATE api_keys
    SET revoked_at_ms = COALESCE(revoked_at_ms, :now_ms)
    WHERE customer_id = :customer_id AND user_id = :user_id
"""
# The key identifies the customer, so this query cannot filter by customer.
BY_KEY = """
    SELECT k.id, COALESCE(u.role, k.role), k.user_id, c.id, c.kind, c.organization_id, c.billing_model, o.status,
        o.tier, o.messages_per_minute, o.quotas_json, o.options_json,
        (SELECT COUNT(*) FROM senders s WHERE s.customer_id IN (c.id, c.organization_id) AND s.state = 'active')
    FROM api_keys k
    JOIN customers c ON c.id = k.customer_id
    JOIN customers o ON o.id = c.organization_id
    LEFT JOIN users u ON u.customer_id = k.customer_id AND u.id = k.user_id
    WHERE k.key_hash = :key_hash AND k.revoked_at_ms IS NULL AND c.deleted_at_ms IS NULL AND o.deleted_at_ms IS NULL
        AND (k.user_id IS NULL OR u.status = 'active')
"""
BY_ID = """
    SELECT c.id, c.kind, c.organization_id, c.billing_model, o.status, o.tier, o.messages_per_minute, o.quotas_json,
        (SELECT COUNT(*) FROM channels h WHERE h.customer_id IN (c.id, c.organization_id))
    FROM customers c
    JOIN customers o ON o.id = c.organization_id
    WHERE c.id = :customer_id AND c.deleted_at_ms IS NULL AND o.deleted_at_ms IS NULL
"""
PROFILE_OF = """
    SELECT id, billing_model FROM customers
    WHERE organization_id = :customer_id AND id = :id AND kind = 'profile' AND deleted_at_ms IS NULL
"""

# Only active accounts: what they asked for earlier is done now.
ACTIVE_BY_ID = """
    SELECT c.id, c.organization_id, c.billing_model, o.tier, o.messages_per_minute, o.quotas_json, o.options_json
    FROM customers c
    JOIN customers o ON o.id = c.organization_id
    WHERE c.id IN (:customer_ids[]) AND o.status = 'ACTIVE' AND c.deleted_at_ms IS NULL AND o.deleted_at_ms IS NULL
"""


async def insert(tx: Tx, account: Account, *, callback_secret_sealed: str) -> None:
    await tx.execute(
        INSERT,
        id=account.id,
        kind=account.kind,
        organization_id=account.organization_id,
        name=account.name,
        short_name=account.short_name,
        email=account.email,
        icon=account.icon,
        description=account.description,
        status=account.status,
        profile_status=account.profile_status,
        settings_json=account.settings_json,
        billing_model=account.billing_model,
        tier=account.tier,
        messages_per_minute=account.messages_per_minute,
        callback_secret_sealed=callback_secret_sealed,
        created_at_ms=account.created_at_ms,
    )


async def find(tx: Tx, customer_id: str) -> Account | None:
    row = await fetch_one(tx, FIND, customer_id=customer_id)
    return Account(*row) if row else None


async def profiles(tx: Tx, customer_id: str) -> list[Account]:
    return [Account(*row) for row in await tx.fetch(PROFILES, customer_id=customer_id)]


async def lock_profiles(tx: Tx, customer_id: str) -> None:
    await tx.fetch(LOCK_PROFILES, customer_id=customer_id)


async def count_profiles(tx: Tx, customer_id: str) -> int:
    return (await tx.fetch(COUNT_PROFILES, customer_id=customer_id))[0][0]


async def is_single_organization(tx: Tx) -> bool:
    return len(await tx.fetch(SOME_ORGANIZATIONS)) == 1


async def profile_for_change(tx: Tx, customer_id: str, profile_id: str) -> Account | None:
    """A profile of this organization, locked until the end of the transaction."""
    row = await fetch_one(tx, PROFILE_FOR_CHANGE, customer_id=customer_id, id=profile_id)
    return Account(*row) if row else None


async def change_profile(tx: Tx, account: Account) -> None:
    await tx.execute(
        CHANGE_PROFILE,
        customer_id=account.id,
        name=account.name,
        short_name=account.short_name,
        icon=account.icon,
        description=account.description,
        profile_status=account.profile_status,
        settings_json=account.settings_json,
        billing_model=account.billing_model,
        updated_at_ms=account.updated_at_ms,
    )


async def delete_profile(tx: Tx, customer_id: str, *, now_ms: int) -> None:
    await tx.execute(DELETE_PROFILE, customer_id=customer_id, now_ms=now_ms)


async def set_shared(tx: Tx, customer_id: str, collection: str, profile_id: str, *, shared: bool) -> None:
    sql = SHARE if shared else UNSHARE
    await tx.execute(sql, customer_id=customer_id, collection=collection, profile_id=profile_id)


async def sharing(tx: Tx, customer_id: str, collection: str) -> list[str]:
    """The profiles of this organization that share the collection."""
    return [row[0] for row in await tx.fetch(SHARING, customer_id=customer_id, collection=collection)]


async def family(tx: Tx, customer_id: str) -> list[Row]:
    """Rows of (kind, organization_id, settings_json, collection or None, profile_id or None)."""
    return await tx.fetch(FAMILY, customer_id=customer_id)


async def set_status(tx: Tx, customer_id: str, status: str, *, now_ms: int) -> int:
    return await tx.execute(SET_STATUS, customer_id=customer_id, status=status, updated_at_ms=now_ms)


async def set_tier(tx: Tx, customer_id: str, tier: str, messages_per_minute: int | None) -> int:
    return await tx.execute(SET_TIER, customer_id=customer_id, tier=tier, messages_per_minute=messages_per_minute)


async def set_template_auto_creation(tx: Tx, customer_id: str, *, allowed: bool) -> None:
    await tx.execute(SET_TEMPLATE_AUTO_CREATION, customer_id=customer_id, allowed=int(allowed))


async def set_mms(tx: Tx, customer_id: str, *, enabled: bool) -> None:
    await tx.execute(SET_MMS, customer_id=customer_id, mms=int(enabled))


async def quotas(tx: Tx, customer_id: str, *, for_change: bool = False) -> dict[str, int]:
    row = await fetch_one(tx, QUOTAS_FOR_CHANGE if for_change else QUOTAS, customer_id=customer_id)
    return model.load_quotas(row[0] if row else None)


async def set_quotas(tx: Tx, customer_id: str, quotas: dict[str, int]) -> None:
    text = orjson.dumps(quotas).decode() if quotas else None
    await tx.execute(SET_QUOTAS, customer_id=customer_id, quotas_json=text)


async def options(tx: Tx, customer_id: str, *, for_change: bool = False) -> frozenset[str]:
    row = await fetch_one(tx, OPTIONS_FOR_CHANGE if for_change else OPTIONS, customer_id=customer_id)
    return model.load_options(row[0] if row else None)


async def set_options(tx: Tx, customer_id: str, options: Collection[str]) -> None:
    text = orjson.dumps(sorted(options)).decode() if options else None
    await tx.execute(SET_OPTIONS, customer_id=customer_id, options_json=text)


async def callback_secret(tx: Tx, customer_id: str) -> str | None:
    row = await fetch_one(tx, CALLBACK_SEALED, customer_id=customer_id)
    return row[0] if row else None


async def insert_key(tx: Tx, key: Key, *, key_hash: str) -> None:
    await tx.execute(
        INSERT_KEY,
        key_hash=key_hash,
        id=key.id,
        customer_id=key.customer_id,
        role=key.role,
        hint=key.hint,
        created_at_ms=key.created_at_ms,
        user_id=key.user_id,
    )


async def keys(tx: Tx, customer_id: str) -> list[Key]:
    return [Key(*row) for row in await tx.fetch(KEYS, customer_id=customer_id)]


async def revoke_key(tx: Tx, key_id: str, *, now_ms: int) -> int:
    return await tx.execute(REVOKE_KEY, id=key_id, now_ms=now_ms)


async def revoke_keys_of_user(tx: Tx, customer_id: str, user_id: str, *, now_ms: int) -> int:
    return await tx.execute(REVOKE_KEYS_OF_USER, customer_id=customer_id, user_id=user_id, now_ms=now_ms)
