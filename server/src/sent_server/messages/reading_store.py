"""The SQL of reading messages for people: few statements, each with a bound on the rows that it reads."""

from typing import NamedTuple

from sent_server.db import Tx
from sent_server.db.database import fetch_one

FIRST = """
    SELECT id FROM messages
    WHERE customer_id = :customer_id
    ORDER BY id
    LIMIT 1
"""
NEWEST_BY_STATUS = """
    SELECT status, COUNT(*)
    FROM (
        SELECT status FROM messages
        WHERE customer_id = :customer_id AND id > :since_id
        ORDER BY id DESC
        LIMIT :most
    ) AS newest
    GROUP BY status
"""
NEWEST_WITH_STATUS = """
    SELECT id, phone, status, reason_code, reason
    FROM (
        SELECT id, phone, status, reason_code, reason FROM messages
        WHERE customer_id = :customer_id AND id > :since_id
        ORDER BY id DESC
        LIMIT :most
    ) AS newest
    WHERE status IN (:statuses[])
    ORDER BY id DESC
    LIMIT :count
"""


class EndedMessage(NamedTuple):
    """A message that failed or was not sent, with the reason."""

    id: str
    phone: str
    status: str
    reason_code: str | None
    reason: str | None


async def first_id(tx: Tx, customer_id: str) -> str | None:
    row = await fetch_one(tx, FIRST, customer_id=customer_id)
    return row[0] if row else None


async def newest_by_status(tx: Tx, customer_id: str, *, since_id: str, most: int) -> dict[str, int]:
    return dict(await tx.fetch(NEWEST_BY_STATUS, customer_id=customer_id, since_id=since_id, most=most))


async def newest_with_status(
    tx: Tx, customer_id: str, statuses: list[str], *, since_id: str, most: int, count: int
) -> list[EndedMessage]:
    rows = await tx.fetch(
        NEWEST_WITH_STATUS, customer_id=customer_id, statuses=statuses, since_id=since_id, most=most, count=count
    )
    return [EndedMessage(*row) for row in rows]
