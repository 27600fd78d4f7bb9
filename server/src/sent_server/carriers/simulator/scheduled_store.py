"""The SQL of scheduled receipts and replies, and of the network's memories."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.carriers.simulator.behaviour import Memory
from sent_server.db import Tx

INSERT = """
    INSERT INTO network_due (due_at_ms, ref, step, customer_id, event_id, kind, error_code)
    VALUES (:due_at_ms, :ref, :step, :customer_id, :event_id, :kind, :error_code)
    ON CONFLICT (due_at_ms, ref, step) DO NOTHING
"""
FETCH = """
    SELECT due_at_ms, ref, step, customer_id, event_id, kind, error_code FROM network_due
    WHERE due_at_ms <= :now_ms
    ORDER BY due_at_ms, ref, step
    LIMIT :count
"""
DELETE = """
    DELETE FROM network_due
    WHERE due_at_ms = :due_at_ms AND ref = :ref AND step = :step
"""
MEMORIES = """
    SELECT subject, channel, at_ms FROM network_memories
    WHERE customer_id = :customer_id AND subject IN (:subjects[])
"""
REMEMBER = """
    INSERT INTO network_memories (customer_id, subject, channel, at_ms)
    VALUES (:customer_id, :subject, :channel, :at_ms)
    ON CONFLICT (customer_id, subject) DO UPDATE
    SET at_ms = excluded.at_ms
"""
FORGET_MEMORIES = """
    DELETE FROM network_memories
    WHERE customer_id = :customer_id
"""
# For all tenants, because the age limit is the same.
FORGET_OLD_MEMORIES = """
    DELETE FROM network_memories
    WHERE at_ms <= :before_ms
"""


class Scheduled(NamedTuple):
    """`ref` is the attempt of a receipt, or the id of the handset's message for a reply."""

    due_at_ms: int
    ref: str
    step: int
    customer_id: str
    event_id: str
    kind: str
    error_code: str | None


class MemoryRow(NamedTuple):
    customer_id: str
    subject: str
    channel: str
    at_ms: int


async def insert(tx: Tx, rows: Sequence[Scheduled]) -> None:
    await tx.execute_many(INSERT, rows)


async def fetch(tx: Tx, *, now_ms: int, count: int) -> list[Scheduled]:
    """Due rows, the longest due first."""
    return [Scheduled(*row) for row in await tx.fetch(FETCH, now_ms=now_ms, count=count)]


async def delete(tx: Tx, reported: Sequence[Scheduled]) -> None:
    await tx.execute_many(DELETE, [(due.due_at_ms, due.ref, due.step) for due in reported])


async def memories(tx: Tx, customer_id: str, subjects: Sequence[str]) -> dict[str, Memory]:
    rows = await tx.fetch(MEMORIES, customer_id=customer_id, subjects=subjects)
    return {row[0]: Memory(row[1], row[2]) for row in rows}


async def remember(tx: Tx, rows: Sequence[MemoryRow]) -> None:
    """Insert or update memories. The first channel of a subject is kept."""
    await tx.execute_many(REMEMBER, rows)


async def forget_memories(tx: Tx, customer_id: str) -> None:
    await tx.execute(FORGET_MEMORIES, customer_id=customer_id)


async def forget_old_memories(tx: Tx, *, before_ms: int) -> int:
    return await tx.execute(FORGET_OLD_MEMORIES, before_ms=before_ms)
