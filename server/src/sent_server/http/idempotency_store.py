"""The SQL of idempotency keys. What they promise: idempotency.py."""

from collections.abc import Sequence

from sent_server.db import Row, Tx

INSERT = """
    INSERT INTO idempotency_keys
        (customer_id, mode, idempotency_key, operation, request_id, status, body, sealed_at_ms, created_at_ms)
    VALUES
        (:customer_id, :mode, :idempotency_key, :operation, :request_id, :status, :body, :sealed_at_ms, :created_at_ms)
"""
FIND = """
    SELECT k.idempotency_key, k.request_id, k.status, k.body, k.sealed_at_ms, k.created_at_ms, k.operation
    FROM EACH(:keys) AS n
    LOOKUP idempotency_keys AS k BY (k.customer_id = :customer_id AND k.mode = :mode AND k.idempotency_key = n.value)
"""
FORGET = """
    DELETE FROM idempotency_keys
    WHERE customer_id = :customer_id AND mode = :mode AND idempotency_key IN (:keys[])
"""
FORGET_OLD = """
    DELETE FROM idempotency_keys
    WHERE created_at_ms <= :before_ms
"""


async def insert(tx: Tx, rows: Sequence[Row]) -> None:
    await tx.execute_many(INSERT, rows)


async def find(tx: Tx, customer_id: str, mode: str, keys: Sequence[str]) -> list[Row]:
    """Rows of (key, request_id, status, body, sealed_at_ms, created_at_ms, operation)."""
    return await tx.fetch(FIND, customer_id=customer_id, mode=mode, keys=keys)


async def forget(tx: Tx, customer_id: str, mode: str, keys: Sequence[str]) -> None:
    await tx.execute(FORGET, customer_id=customer_id, mode=mode, keys=keys)


async def forget_old(tx: Tx, *, before_ms: int) -> int:
    return await tx.execute(FORGET_OLD, before_ms=before_ms)
