"""The SQL of deliveries that are not written yet (see fan_out.py)."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Tx

INSERT = """
    INSERT INTO fan_outs (customer_id, id, content_json, total, done)
    VALUES (:customer_id, :id, :content_json, :total, :done)
"""
# Global by nature: a loose index scan over customers, who take turns.
CUSTOMERS = """
    WITH RECURSIVE waiting (customer_id) AS (
        SELECT MIN(customer_id) FROM fan_outs WHERE customer_id > :after
        UNION ALL
        SELECT (SELECT MIN(f.customer_id) FROM fan_outs f WHERE f.customer_id > waiting.customer_id)
        FROM waiting
        WHERE waiting.customer_id IS NOT NULL
    )
    SELECT customer_id
    FROM waiting
    WHERE customer_id IS NOT NULL
    LIMIT :count
"""
OLDEST = """
    SELECT customer_id, id, content_json, total, done
    FROM fan_outs
    WHERE customer_id = :customer_id
    ORDER BY id
    LIMIT :count
"""
ADVANCE = """
    UPDATE fan_outs
    SET done = :done
    WHERE customer_id = :customer_id AND id = :id
"""
DELETE = """
    DELETE FROM fan_outs
    WHERE customer_id = :customer_id AND id = :id
"""


class FanOutRow(NamedTuple):
    """`done` of the `total` deliveries are written."""

    customer_id: str
    id: str
    content_json: str
    total: int
    done: int


async def insert(tx: Tx, rows: Sequence[FanOutRow]) -> None:
    await tx.execute_many(INSERT, rows)


async def customers(tx: Tx, *, after: str, count: int) -> list[str]:
    """Up to `count` customers with rows, after the id `after`."""
    return [row[0] for row in await tx.fetch(CUSTOMERS, after=after, count=count)]


async def oldest(tx: Tx, customer_id: str, *, count: int) -> list[FanOutRow]:
    return [FanOutRow(*row) for row in await tx.fetch(OLDEST, customer_id=customer_id, count=count)]


async def advance(tx: Tx, row: FanOutRow, *, written: int) -> None:
    """Count deliveries as written, and delete the row after the last one."""
    done = row.done + written
    if done < row.total:
        await tx.execute(ADVANCE, done=done, customer_id=row.customer_id, id=row.id)
    else:
        await tx.execute(DELETE, customer_id=row.customer_id, id=row.id)
