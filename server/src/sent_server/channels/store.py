"""The SQL of channels."""

from collections.abc import Sequence

from sent_server.channels.model import ChannelConfig
from sent_server.db import Tx
from sent_server.db.database import fetch_one

OF_CUSTOMERS = """
    SELECT customer_id, channel, carrier, sender, business_name, messages_per_second FROM channels
    WHERE customer_id IN (:customer_ids[])
"""
PUT = """
    INSERT INTO channels (customer_id, channel, carrier, sender, business_name, created_at_ms)
    VALUES (:customer_id, :channel, :carrier, :sender, :business_name, :created_at_ms)
    ON CONFLICT (customer_id, channel) DO UPDATE
    SET carrier = excluded.carrier, sender = excluded.sender, business_name = excluded.business_name
"""
# An inbound message contains only our number, so this reads across customers.
OWNER_OF_SENDER = """
    SELECT h.customer_id FROM channels h
    JOIN customers c ON c.id = h.customer_id
    WHERE h.carrier = :carrier AND h.sender = :sender AND h.channel = :channel
    ORDER BY CASE WHEN c.deleted_at_ms IS NULL THEN 0 ELSE 1 END, h.created_at_ms, h.customer_id
    LIMIT 1
"""
SENDER_TAKEN = """
    SELECT h.customer_id FROM channels h
    JOIN customers c ON c.id = h.customer_id
    WHERE h.carrier = :carrier AND h.sender = :sender AND c.deleted_at_ms IS NULL
    LIMIT 1
"""

# A number may be shared by an organization and its profiles; the carrier knows only the number.
THROUGHPUT = """
    SELECT sender, MIN(messages_per_second) FROM channels
    WHERE carrier = :carrier AND sender IN (:senders[]) AND messages_per_second IS NOT NULL
    GROUP BY sender
"""
SET_THROUGHPUT = """
    UPDATE channels
    SET messages_per_second = :messages_per_second
    WHERE customer_id = :customer_id AND channel = :channel
"""


async def of_customers(tx: Tx, customer_ids: Sequence[str]) -> list[tuple[str, ChannelConfig]]:
    rows = await tx.fetch(OF_CUSTOMERS, customer_ids=customer_ids)
    return [(row[0], ChannelConfig(*row[1:])) for row in rows]


async def put(tx: Tx, customer_id: str, config: ChannelConfig, *, now_ms: int) -> None:
    await tx.execute(
        PUT,
        customer_id=customer_id,
        channel=config.channel,
        carrier=config.carrier,
        sender=config.sender,
        business_name=config.business_name,
        created_at_ms=now_ms,
    )


async def throughput(tx: Tx, carrier: str, senders: Sequence[str]) -> dict[str, int]:
    return dict(await tx.fetch(THROUGHPUT, carrier=carrier, senders=senders))


async def set_throughput(tx: Tx, customer_id: str, channel: str, messages_per_second: int | None) -> int:
    return await tx.execute(
        SET_THROUGHPUT, customer_id=customer_id, channel=channel, messages_per_second=messages_per_second
    )


async def owner_of_sender(tx: Tx, carrier: str, channel: str, sender: str) -> str | None:
    row = await fetch_one(tx, OWNER_OF_SENDER, carrier=carrier, sender=sender, channel=channel)
    return row[0] if row else None


async def sender_taken(tx: Tx, carrier: str, sender: str) -> bool:
    return await fetch_one(tx, SENDER_TAKEN, carrier=carrier, sender=sender) is not None
