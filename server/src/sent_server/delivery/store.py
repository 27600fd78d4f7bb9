"""The SQL of unfinished messages and of send rates. Attempts: attempt_store.py. Receipts: receipt_store.py."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sent_server.db import Tx
from sent_server.delivery.message_state import MessageState

LOAD = """
    SELECT m.customer_id, m.id, m.contact_id, m.phone, m.status, m.channel, m.leg, m.legs, m.plan_number,
        m.held_micros, m.settled_at_ms, m.price_micros, m.active_contact_price_micros, m.refunded_micros, m.round,
        m.last_sequence, b.created_at_ms,
        b.ledger_id, b.template_id, b.template_name, b.template_category, b.contents_json, b.plans_json,
        b.callback_url, m.first_leg
    FROM EACH(:ids) AS n
    LOOKUP messages AS m BY (m.customer_id = :customer_id AND m.id = n.value) FOR UPDATE
    LOOKUP batches AS b BY (b.customer_id = m.customer_id AND b.id = m.batch_id)
"""
UPDATE = """
    UPDATE messages
    SET status = :status, channel = :channel, leg = :leg, settled_at_ms = :settled_at_ms,
        price_micros = :price_micros, active_contact_price_micros = :active_contact_price_micros,
        refunded_micros = :refunded_micros, last_sequence = :last_sequence, updated_at_ms = :updated_at_ms,
        reason_code = COALESCE(:reason_code, reason_code), reason = COALESCE(:reason, reason)
    WHERE customer_id = :customer_id AND id = :id
"""
PREPARE_THROUGHPUT = """
    INSERT INTO throughput (name, free_at_us)
    VALUES (:name, 0)
    ON CONFLICT (name) DO NOTHING
"""
LOCK_THROUGHPUT = """
    SELECT name, free_at_us FROM throughput
    WHERE name IN (:names[])
    ORDER BY name
    /*pg: FOR UPDATE*/
"""
SPEND_THROUGHPUT = """
    UPDATE throughput
    SET free_at_us = :free_at_us
    WHERE name = :name
"""


class MessageUpdateRow(NamedTuple):
    """The columns of a message that a change may update."""

    status: str
    channel: str | None
    leg: int
    settled_at_ms: int | None
    price_micros: int | None
    active_contact_price_micros: int | None
    refunded_micros: int
    last_sequence: int
    updated_at_ms: int
    reason_code: str | None
    reason: str | None
    customer_id: str
    id: str


class ThroughputRow(NamedTuple):
    name: str


async def load(tx: Tx, keys: Iterable[tuple[str, str]]) -> dict[str, MessageState]:
    """Lock and read messages by (customer_id, id), with one statement per customer."""
    by_customer: defaultdict[str, list[str]] = defaultdict(list)
    for customer_id, message_id in keys:
        by_customer[customer_id].append(message_id)
    found: dict[str, MessageState] = {}
    for customer_id, message_ids in sorted(by_customer.items()):
        for row in await tx.fetch(LOAD, customer_id=customer_id, ids=sorted(set(message_ids))):
            subject = MessageState(*row)
            found[subject.id] = subject
    return found


async def update(tx: Tx, rows: Sequence[MessageUpdateRow]) -> None:
    """One row per message."""
    await tx.execute_many(UPDATE, rows, distinct=True)


async def lock_throughput(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """When each name is free again, in microseconds. A new name is free now."""
    free_at_us: dict[str, int] = dict(await tx.fetch(LOCK_THROUGHPUT, names=names))
    if missing := [ThroughputRow(name) for name in names if name not in free_at_us]:
        await tx.execute_many(PREPARE_THROUGHPUT, missing)
        free_at_us = dict(await tx.fetch(LOCK_THROUGHPUT, names=names))
    return free_at_us


async def spend_throughput(tx: Tx, rows: Sequence[tuple[int, str]]) -> None:
    """Rows of (free_at_us, name)."""
    await tx.execute_many(SPEND_THROUGHPUT, rows)
