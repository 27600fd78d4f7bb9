"""The SQL of messages. Inserts are set-based: one recipient and a thousand need the same statements."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Tx, counters
from sent_server.db.database import fetch_one
from sent_server.messages.model import Batch, Message, MessageEvent

INSERT_BATCH = """
    INSERT INTO batches (customer_id, id, template_id, template_name, template_category, ledger_id,
        contents_json, plans_json, callback_url, created_at_ms, request_json)
    VALUES (:customer_id, :id, :template_id, :template_name, :template_category, :ledger_id,
        :contents_json, :plans_json, :callback_url, :created_at_ms, :request_json)
"""
INSERT_MESSAGE = """
    INSERT INTO messages (customer_id, id, batch_id, contact_id, phone, region_code, status, channel, leg, legs,
        plan_number, held_micros, settled_at_ms, price_micros, active_contact_price_micros, last_sequence,
        created_at_ms, updated_at_ms, sender, carrier_ref, reply_to, scheduled_at_ms, reason_code, reason)
    VALUES (:customer_id, :id, :batch_id, :contact_id, :phone, :region_code, :status, :channel, :leg, :legs,
        :plan_number, :held_micros, :settled_at_ms, :price_micros, :active_contact_price_micros, :last_sequence,
        :created_at_ms, :updated_at_ms, :sender, :carrier_ref, :reply_to, :scheduled_at_ms, :reason_code, :reason)
"""
INSERT_EVENT = """
    INSERT INTO message_events (customer_id, message_id, sequence, status, channel, description,
        price_micros, active_contact_price_micros, at_ms)
    VALUES (:customer_id, :message_id, :sequence, :status, :channel, :description,
        :price_micros, :active_contact_price_micros, :at_ms)
"""
ACTIVE_CONTACTS = """
    SELECT a.contact_id
    FROM EACH(:contact_ids) AS n
    LOOKUP active_contacts AS a BY (a.customer_id = :customer_id AND a.month = :month AND a.contact_id = n.value)
"""
INSERT_ACTIVE_CONTACT = """
    INSERT INTO active_contacts (customer_id, month, contact_id, message_id)
    VALUES (:customer_id, :month, :contact_id, :message_id)
"""
FORGET_ACTIVE_CONTACT = """
    DELETE FROM active_contacts
    WHERE customer_id = :customer_id AND month = :month AND contact_id = :contact_id AND message_id = :message_id
"""
# Ids are times, so the index by contact holds the recent messages of each contact together.
HEARD_SINCE = """
    SELECT DISTINCT m.contact_id, m.channel
    FROM EACH(:contact_ids) AS n
    LOOKUP messages AS m BY (m.customer_id = :customer_id AND m.contact_id = n.value AND m.id >= :since_id
        AND m.status = 'RECEIVED')
"""
FIND = """
    SELECT customer_id, id, batch_id, contact_id, phone, region_code, status, channel, leg, legs, plan_number,
        held_micros, settled_at_ms, price_micros, active_contact_price_micros, last_sequence,
        created_at_ms, updated_at_ms, sender, carrier_ref, reply_to, scheduled_at_ms, reason_code, reason
    FROM messages
    WHERE customer_id = :customer_id AND id = :id
"""
FIND_BATCH = """
    SELECT customer_id, id, template_id, template_name, template_category, ledger_id, contents_json,
        plans_json, callback_url, created_at_ms, request_json
    FROM batches
    WHERE customer_id = :customer_id AND id = :id
"""
EVENTS = """
    SELECT customer_id, message_id, sequence, status, channel, description,
        price_micros, active_contact_price_micros, at_ms
    FROM message_events
    WHERE customer_id = :customer_id AND message_id = :message_id
    ORDER BY sequence
"""


class ActiveContactRow(NamedTuple):
    """`message_id` is the message to which the month's price was charged."""

    customer_id: str
    month: str
    contact_id: str
    message_id: str


# A counter per day (UTC), only for accounts with a daily quota.
async def sent_today(tx: Tx, customer_id: str, day: str) -> int:
    """How many messages the account has sent that day. Locks the counter until the commit."""
    return await counters.lock(tx, customer_id, f"messages/{day}")


async def add_sent(tx: Tx, customer_id: str, day: str, more: int) -> None:
    await counters.add_where_counted(tx, customer_id, f"messages/{day}", more)


async def insert_batches(tx: Tx, rows: Sequence[Batch]) -> None:
    await tx.execute_many(INSERT_BATCH, rows)


async def insert_messages(tx: Tx, rows: Sequence[Message]) -> None:
    await tx.execute_many(INSERT_MESSAGE, rows)


async def insert_events(tx: Tx, rows: Sequence[MessageEvent]) -> None:
    await tx.execute_many(INSERT_EVENT, rows)


async def active_contacts(tx: Tx, customer_id: str, month: str, contact_ids: Sequence[str]) -> set[str]:
    """The given contacts whose active-contact price of the month was already charged."""
    rows = await tx.fetch(ACTIVE_CONTACTS, customer_id=customer_id, month=month, contact_ids=contact_ids)
    return {row[0] for row in rows}


async def insert_active_contacts(tx: Tx, rows: Sequence[ActiveContactRow]) -> None:
    await tx.execute_many(INSERT_ACTIVE_CONTACT, rows)


async def forget_active_contacts(tx: Tx, rows: Sequence[ActiveContactRow]) -> None:
    """Delete these rows, for messages that no carrier took and that were not charged."""
    await tx.execute_many(FORGET_ACTIVE_CONTACT, rows)


async def heard_since(tx: Tx, customer_id: str, contact_ids: Sequence[str], *, since_id: str) -> list[tuple[str, str]]:
    """(contact id, channel) of the messages that these contacts have sent us since then."""
    rows = await tx.fetch(HEARD_SINCE, customer_id=customer_id, contact_ids=contact_ids, since_id=since_id)
    return [(row[0], row[1]) for row in rows]


async def find(tx: Tx, customer_id: str, message_id: str) -> Message | None:
    row = await fetch_one(tx, FIND, customer_id=customer_id, id=message_id)
    return Message(*row) if row else None


async def find_batch(tx: Tx, customer_id: str, batch_id: str) -> Batch | None:
    row = await fetch_one(tx, FIND_BATCH, customer_id=customer_id, id=batch_id)
    return Batch(*row) if row else None


async def events(tx: Tx, customer_id: str, message_id: str) -> list[MessageEvent]:
    """Oldest first."""
    rows = await tx.fetch(EVENTS, customer_id=customer_id, message_id=message_id)
    return [MessageEvent(*row) for row in rows]
