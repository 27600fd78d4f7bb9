"""The SQL of channels."""

from collections.abc import Sequence

from sent_server.channels.model import ChannelConfig
from sent_server.db import Tx
from sent_server.db.database import fetch_one

OF_CUSTOMERS = """
    SELECT customer_id, channel, carrier, sender, business_name FROM channels
    WHERE customer_id IN (:customer_ids[])
"""
PUT = """
    INSERT INTO channels (customer_id, channel, carrier, sender, business_name, created_at_ms)
    VALUES (:customer_id, :channel, :carrier, :sender, :business_name, :created_at_ms)
    ON CONFLICT (customer_id, channel) DO UPDATE
    SET carrier = excluded.carrier, sender = excluded.sender, business_name = excluded.business_name
"""
# An inbound message names only our number, so this reads across customers.
OWNER_OF_SENDER = """
    SELECT customer_id FROM channels
    WHERE carrier = :carrier AND sender = :sender AND channel = :channel
    ORDER BY created_at_ms, customer_id
    LIMIT 1
"""
SENDER_TAKEN = """
    SELECT customer_id FROM channels
    WHERE sender = :sender
    LIMIT 1
"""


async def of_customers(tx: Tx, customer_ids: Sequence[str]) -> list[tuple[str, ChannelConfig]]:
    rows = await tx.fetch(OF_CUSTOMERS, customer_ids=customer_ids)
    return [(row[0], ChannelConfig(row[1], row[2], row[3], row[4])) for row in rows]


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


async def owner_of_sender(tx: Tx, carrier: str, channel: str, sender: str) -> str | None:
    row = await fetch_one(tx, OWNER_OF_SENDER, carrier=carrier, sender=sender, channel=channel)
    return row[0] if row else None


async def sender_taken(tx: Tx, sender: str) -> bool:
    return await fetch_one(tx, SENDER_TAKEN, sender=sender) is not None
