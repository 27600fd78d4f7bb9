"""The SQL of connections and senders.

A default sender is written through table `channels`, which the release before knows; a trigger copies it to `senders`.
"""

from collections.abc import Sequence

from sent_server.connections.model import Connection, ConnectionState, Sender
from sent_server.db import Tx
from sent_server.db.database import fetch_one

CONNECTIONS = """
    SELECT id, customer_id, driver, state, paused_until_ms, paused_reason, paused_for FROM connections
    ORDER BY id
"""
COUNT_SENDERS = """
    SELECT connection_id, COUNT(*) FROM senders
    WHERE state = 'active'
    GROUP BY connection_id
"""
ACTIVE = """
    SELECT customer_id, channel, connection_id, value, kind, business_name, country, number_type, messages_per_second,
        is_default, created_at_ms, CASE WHEN channel = 'sms' THEN (
            SELECT o.mms FROM customers c JOIN customers o ON o.id = c.organization_id WHERE c.id = senders.customer_id
        ) ELSE 0 END
    FROM senders
    WHERE customer_id IN (:customer_ids[]) AND state = 'active'
"""
# An inbound message contains only our number, so this reads across customers.
OWNER = """
    SELECT s.customer_id FROM senders s
    JOIN customers c ON c.id = s.customer_id
    WHERE s.connection_id = :connection_id AND s.value = :value AND s.channel = :channel
    ORDER BY CASE WHEN c.deleted_at_ms IS NULL THEN 0 ELSE 1 END, s.created_at_ms, s.customer_id
    LIMIT 1
"""
TAKEN = """
    SELECT s.customer_id FROM senders s
    JOIN customers c ON c.id = s.customer_id
    WHERE s.connection_id = :connection_id AND s.value = :value AND c.deleted_at_ms IS NULL
    LIMIT 1
"""
# Another organization must not get a number that is in use; an organization and its profiles may share one.
TAKEN_BY_OTHERS = """
    SELECT s.customer_id FROM senders s
    JOIN customers c ON c.id = s.customer_id
    WHERE s.connection_id = :connection_id AND s.value = :value AND c.deleted_at_ms IS NULL
        AND c.organization_id <> (SELECT o.organization_id FROM customers o WHERE o.id = :customer_id)
    LIMIT 1
"""
ADD = """
    INSERT INTO senders (customer_id, channel, connection_id, value, kind, business_name, country, number_type, state,
        is_default, created_at_ms)
    VALUES (:customer_id, :channel, :connection_id, :value, :kind, :business_name, :country, :number_type, 'active', 0,
        :created_at_ms)
    ON CONFLICT (customer_id, channel, connection_id, value) DO UPDATE
    SET country = excluded.country, number_type = excluded.number_type, state = 'active'
"""
# A number may be shared by an organization and its profiles; the carrier knows only the number.
THROUGHPUT = """
    SELECT value, MIN(messages_per_second) FROM senders
    WHERE connection_id = :connection_id AND value IN (:values[]) AND messages_per_second IS NOT NULL
    GROUP BY value
"""


async def connections(tx: Tx) -> list[Connection]:
    rows = await tx.fetch(CONNECTIONS)
    return [
        Connection(
            id=row[0],
            customer_id=row[1],
            driver=row[2],
            state=ConnectionState(row[3]),
            paused_until_ms=row[4],
            paused_reason=row[5],
            paused_for=row[6],
        )
        for row in rows
    ]


async def count_senders(tx: Tx) -> dict[str, int]:
    return dict(await tx.fetch(COUNT_SENDERS))


async def active(tx: Tx, customer_ids: Sequence[str]) -> list[tuple[str, Sender]]:
    rows = await tx.fetch(ACTIVE, customer_ids=customer_ids)
    return [(row[0], Sender(*row[1:])) for row in rows]


async def owner(tx: Tx, connection_id: str, channel: str, value: str) -> str | None:
    row = await fetch_one(tx, OWNER, connection_id=connection_id, value=value, channel=channel)
    return row[0] if row else None


async def taken(tx: Tx, connection_id: str, value: str) -> bool:
    return await fetch_one(tx, TAKEN, connection_id=connection_id, value=value) is not None


async def taken_by_others(tx: Tx, customer_id: str, connection_id: str, value: str) -> bool:
    row = await fetch_one(tx, TAKEN_BY_OTHERS, customer_id=customer_id, connection_id=connection_id, value=value)
    return row is not None


async def add(tx: Tx, customer_id: str, sender: Sender) -> None:
    await tx.execute(
        ADD,
        customer_id=customer_id,
        channel=sender.channel,
        connection_id=sender.connection_id,
        value=sender.value,
        kind=sender.kind,
        business_name=sender.business_name,
        country=sender.country,
        number_type=sender.number_type,
        created_at_ms=sender.created_at_ms,
    )


async def throughput(tx: Tx, connection_id: str, values: Sequence[str]) -> dict[str, int]:
    return dict(await tx.fetch(THROUGHPUT, connection_id=connection_id, values=values))
