"""The SQL of idempotency keys. idempotency.py has the rules."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Tx

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


class IdempotencyRow(NamedTuple):
    """A key with the answer that it is for; `sealed_at_ms` is set when the body is encrypted."""

    customer_id: str
    mode: str
    idempotency_key: str
    operation: str
    request_id: str
    status: int
    body: str
    sealed_at_ms: int | None
    created_at_ms: int


class FoundKey(NamedTuple):
    """`operation` is None in rows of releases that did not keep it."""

    idempotency_key: str
    request_id: str
    status: int
    body: str
    sealed_at_ms: int | None
    created_at_ms: int
    operation: str | None


async def insert(tx: Tx, rows: Sequence[IdempotencyRow]) -> None:
    await tx.execute_many(INSERT, rows)


async def find(tx: Tx, customer_id: str, mode: str, keys: Sequence[str]) -> list[FoundKey]:
    return [FoundKey(*row) for row in await tx.fetch(FIND, customer_id=customer_id, mode=mode, keys=keys)]


async def forget(tx: Tx, customer_id: str, mode: str, keys: Sequence[str]) -> None:
    await tx.execute(FORGET, customer_id=customer_id, mode=mode, keys=keys)


async def forget_old(tx: Tx, *, before_ms: int) -> int:
    return await tx.execute(FORGET_OLD, before_ms=before_ms)
