"""The SQL of channels: the default sender of each, and the markets. A trigger copies default senders to `senders`."""

from collections.abc import Sequence

import orjson

from sent_server.channels.model import Market, MarketState
from sent_server.db import Row, Tx
from sent_server.db.database import fetch_one

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
MARKET_COLUMNS = """customer_id, id, channel, country, number_type, sender_value, state, submitted_at_ms,
        created_at_ms, updated_at_ms, reason_code, reason, details_json"""
MARKETS = f"""
    SELECT {MARKET_COLUMNS} FROM markets
    WHERE customer_id IN (:customer_ids[])
    ORDER BY id
"""
MARKET = f"""
    SELECT {MARKET_COLUMNS} FROM markets
    WHERE customer_id = :customer_id AND channel = :channel AND country = :country AND number_type = :number_type
    /*pg: FOR UPDATE*/
"""
# A deleted account orders nothing any more.
ORDERED = f"""
    SELECT {MARKET_COLUMNS} FROM markets
    WHERE customer_id = :customer_id AND id = :id
        AND EXISTS (SELECT 1 FROM customers c WHERE c.id = :customer_id AND c.deleted_at_ms IS NULL)
    /*pg: FOR UPDATE*/
"""
INSERT = """
    INSERT INTO markets (customer_id, id, channel, country, number_type, sender_value, state, submitted_at_ms,
        created_at_ms, details_json)
    VALUES (:customer_id, :id, :channel, :country, :number_type, :sender_value, :state, :submitted_at_ms,
        :created_at_ms, :details_json)
    ON CONFLICT (customer_id, channel, country, number_type) DO NOTHING
"""
UPDATE = """
    UPDATE markets
    SET sender_value = :sender_value, state = :state, submitted_at_ms = :submitted_at_ms,
        updated_at_ms = :updated_at_ms, reason_code = :reason_code, reason = :reason, details_json = :details_json
    WHERE customer_id = :customer_id AND id = :id
"""
# What profiles brought with them before they had markets.
WHATSAPP_IDS = """
    SELECT customer_id, waba_id, waba_phone_number_id FROM profile_details
    WHERE customer_id IN (:customer_ids[]) AND waba_id IS NOT NULL
"""
NAME = """
    SELECT name FROM customers
    WHERE id = :customer_id
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


async def markets(tx: Tx, customer_ids: Sequence[str]) -> list[Market]:
    """Oldest first."""
    return [_market(row) for row in await tx.fetch(MARKETS, customer_ids=customer_ids)]


async def market(tx: Tx, customer_id: str, channel: str, country: str, number_type: str) -> Market | None:
    """Locked until the end of the transaction."""
    row = await fetch_one(
        tx, MARKET, customer_id=customer_id, channel=channel, country=country, number_type=number_type
    )
    return None if row is None else _market(row)


async def ordered(tx: Tx, customer_id: str, market_id: str) -> Market | None:
    """Locked until the end of the transaction. None for a deleted account."""
    row = await fetch_one(tx, ORDERED, customer_id=customer_id, id=market_id)
    return None if row is None else _market(row)


async def insert(tx: Tx, market: Market) -> bool:
    """False if the account has this market already."""
    added = await tx.execute(
        INSERT,
        customer_id=market.customer_id,
        id=market.id,
        channel=market.channel,
        country=market.country,
        number_type=market.number_type,
        sender_value=market.sender_value,
        state=market.state.value,
        submitted_at_ms=market.submitted_at_ms,
        created_at_ms=market.created_at_ms,
        details_json=_dump(market),
    )
    return added > 0


async def update(tx: Tx, market: Market) -> None:
    await tx.execute(
        UPDATE,
        customer_id=market.customer_id,
        id=market.id,
        sender_value=market.sender_value,
        state=market.state.value,
        submitted_at_ms=market.submitted_at_ms,
        updated_at_ms=market.updated_at_ms,
        reason_code=market.reason_code,
        reason=market.reason,
        details_json=_dump(market),
    )


async def whatsapp_ids(tx: Tx, customer_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    rows = await tx.fetch(WHATSAPP_IDS, customer_ids=customer_ids)
    return {row[0]: (row[1], row[2]) for row in rows}


async def name_of(tx: Tx, customer_id: str) -> str | None:
    row = await fetch_one(tx, NAME, customer_id=customer_id)
    return None if row is None else row[0]


def _dump(market: Market) -> str:
    return orjson.dumps(dict(market.details)).decode()


def _market(row: Row) -> Market:
    return Market(
        customer_id=row[0],
        id=row[1],
        channel=row[2],
        country=row[3],
        number_type=row[4],
        sender_value=row[5],
        state=MarketState(row[6]),
        submitted_at_ms=row[7],
        created_at_ms=row[8],
        updated_at_ms=row[9],
        reason_code=row[10],
        reason=row[11],
        details=orjson.loads(row[12]),
    )
