"""The SQL of channels: the default sender of each. A trigger copies each change to `senders`."""

from sent_server.db import Tx

PUT = """
    INSERT INTO channels (customer_id, channel, carrier, sender, business_name, created_at_ms)
    VALUES (:customer_id, :channel, :carrier, :sender, :business_name, :created_at_ms)
    ON CONFLICT (customer_id, channel) DO UPDATE
    SET carrier = excluded.carrier, sender = excluded.sender, business_name = excluded.business_name
"""
SET_THROUGHPUT = """
    UPDATE channels
    SET messages_per_second = :messages_per_second
    WHERE customer_id = :customer_id AND channel = :channel
"""


async def put(
    tx: Tx, customer_id: str, channel: str, *, carrier: str, sender: str, business_name: str | None, now_ms: int
) -> None:
    await tx.execute(
        PUT,
        customer_id=customer_id,
        channel=channel,
        carrier=carrier,
        sender=sender,
        business_name=business_name,
        created_at_ms=now_ms,
    )


async def set_throughput(tx: Tx, customer_id: str, channel: str, messages_per_second: int | None) -> int:
    return await tx.execute(
        SET_THROUGHPUT, customer_id=customer_id, channel=channel, messages_per_second=messages_per_second
    )
