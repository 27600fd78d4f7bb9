"""The SQL of accounts and keys."""

from sent_server.accounts.model import Account, Key
from sent_server.db import Tx
from sent_server.db.database import fetch_one

COLUMNS = """id, kind, organization_id, name, short_name, email, icon, description, status, profile_status,
        settings_json, billing_model, tier, messages_per_minute, created_at_ms"""
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
CALLBACK_SEALED = """
    SELECT callback_secret_sealed FROM customers
    WHERE id = :customer_id
"""
INSERT_KEY = """
    INSERT INTO api_keys (key_hash, id, customer_id, role, hint, created_at_ms)
    VALUES (:key_hash, :id, :customer_id, :role, :hint, :created_at_ms)
"""
KEYS = """
    SELECT id, customer_id, role, hint, created_at_ms, revoked_at_ms FROM api_keys
    WHERE customer_id = :customer_id
    ORDER BY id
"""
REVOKE_KEY = """
    UPDATE api_keys
    SET revoked_at_ms = COALESCE(revoked_at_ms, :now_ms)
    WHERE id = :id
"""
# The key names the customer here, so this look-up cannot start with one.
BY_KEY = """
    SELECT k.id, k.role, c.id, c.kind, c.organization_id, c.billing_model, o.status, o.tier, o.messages_per_minute,
        (SELECT COUNT(*) FROM channels h WHERE h.customer_id IN (c.id, c.organization_id))
    FROM api_keys k
    JOIN customers c ON c.id = k.customer_id
    JOIN customers o ON o.id = c.organization_id
    WHERE k.key_hash = :key_hash AND k.revoked_at_ms IS NULL AND c.deleted_at_ms IS NULL AND o.deleted_at_ms IS NULL
"""
PROFILE_OF = """
    SELECT id, billing_model FROM customers
    WHERE organization_id = :customer_id AND id = :id AND kind = 'profile' AND deleted_at_ms IS NULL
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


async def set_status(tx: Tx, customer_id: str, status: str, *, now_ms: int) -> int:
    return await tx.execute(SET_STATUS, customer_id=customer_id, status=status, updated_at_ms=now_ms)


async def set_tier(tx: Tx, customer_id: str, tier: str, messages_per_minute: int | None) -> int:
    return await tx.execute(SET_TIER, customer_id=customer_id, tier=tier, messages_per_minute=messages_per_minute)


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
    )


async def keys(tx: Tx, customer_id: str) -> list[Key]:
    return [Key(*row) for row in await tx.fetch(KEYS, customer_id=customer_id)]


async def revoke_key(tx: Tx, key_id: str, *, now_ms: int) -> int:
    return await tx.execute(REVOKE_KEY, id=key_id, now_ms=now_ms)
