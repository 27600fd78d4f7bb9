"""Totals of sets that are too large to count: a row per customer and name, updated together with the set."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sent_server.db.database import Tx, fetch_one

ADD = """
    INSERT INTO counters (customer_id, name, total)
    VALUES (:customer_id, :name, :total)
    ON CONFLICT (customer_id, name) DO UPDATE
    SET total = counters.total + excluded.total
"""
# Without a row nothing is counted, and no row is created.
ADD_WHERE_COUNTED = """
    UPDATE counters
    SET total = total + :more
    WHERE customer_id = :customer_id AND name = :name
"""
READ = """
    SELECT total FROM counters
    WHERE customer_id = :customer_id AND name = :name
"""
SUM = """
    SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM counters
    WHERE customer_id IN (:customer_ids[]) AND name = :name
"""
LOCK = """
    INSERT INTO counters (customer_id, name, total)
    VALUES (:customer_id, :name, 0)
    ON CONFLICT (customer_id, name) DO UPDATE
    SET total = counters.total
    RETURNING total
"""
FORGET = """
    DELETE FROM counters
    WHERE customer_id = :customer_id AND name = :name
"""


class CounterRow(NamedTuple):
    customer_id: str
    name: str
    total: int


async def add(tx: Tx, changes: Iterable[CounterRow]) -> None:
    """Add each `total`, which may be negative, to its counter. Missing counters are created."""
    # Sorted, so that all transactions lock rows in the same order.
    rows: list[CounterRow] = sorted(change for change in changes if change.total)
    await tx.execute_many(ADD, rows)


async def add_where_counted(tx: Tx, customer_id: str, name: str, more: int) -> None:
    await tx.execute(ADD_WHERE_COUNTED, customer_id=customer_id, name=name, more=more)


async def read(tx: Tx, customer_id: str, name: str) -> int:
    row = await fetch_one(tx, READ, customer_id=customer_id, name=name)
    return row[0] if row else 0


async def read_sum(tx: Tx, customer_ids: Sequence[str], name: str) -> int:
    """The sum over several customers."""
    rows = await tx.fetch(SUM, customer_ids=customer_ids, name=name)
    return rows[0][0]


async def lock(tx: Tx, customer_id: str, name: str) -> int:
    """Lock a counter until the end of the transaction. Returns its total."""
    rows = await tx.fetch(LOCK, customer_id=customer_id, name=name)
    return rows[0][0]


async def forget(tx: Tx, customer_id: str, name: str) -> None:
    await tx.execute(FORGET, customer_id=customer_id, name=name)
