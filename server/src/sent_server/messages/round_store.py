"""The SQL of rounds: of messages that wait for their time, that are cancelled, or that are sent again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sent_server.db import Tx, counters
from sent_server.db.counters import CounterRow

LOAD = """
    SELECT m.customer_id, m.id, m.phone, m.status, m.channel, m.legs, m.first_leg, m.round, m.plan_number,
        m.last_sequence, m.held_micros, m.settled_at_ms, m.price_micros, m.active_contact_price_micros,
        m.scheduled_at_ms, m.contact_id, m.batch_id,
        b.ledger_id, b.template_id, b.template_name, b.template_category, b.contents_json, b.plans_json,
        b.callback_url, b.request_json
    FROM EACH(:ids) AS n
    LOOKUP messages AS m BY (m.customer_id = :customer_id AND m.id = n.value) FOR UPDATE
    LOOKUP batches AS b BY (b.customer_id = m.customer_id AND b.id = m.batch_id)
"""
# A round begins with nothing charged. The channel stays as requested, or as last shown.
START = """
    UPDATE messages
    SET batch_id = :batch_id, contact_id = :contact_id, status = :status, leg = 0, legs = :legs,
        first_leg = :first_leg, round = :round, plan_number = :plan_number, held_micros = :held_micros,
        settled_at_ms = NULL, price_micros = NULL, active_contact_price_micros = :active_contact_price_micros,
        refunded_micros = 0, last_sequence = :last_sequence, reason_code = :reason_code, reason = :reason,
        updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
CANCEL = """
    UPDATE messages
    SET status = 'CANCELLED', last_sequence = :last_sequence, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
# A counter, because a million rows cannot be counted for each request.
HELD = "messages.held"


class StoredMessage(NamedTuple):
    """A message with the data of its batch. `channel` is None while an automatic choice has not been made."""

    customer_id: str
    id: str
    phone: str
    status: str
    channel: str | None
    legs: int
    first_leg: int
    round: int
    plan_number: int
    last_sequence: int
    held_micros: int
    settled_at_ms: int | None
    price_micros: int | None
    active_contact_price_micros: int | None
    scheduled_at_ms: int | None
    contact_id: str
    batch_id: str
    ledger_id: str
    template_id: str | None
    template_name: str | None
    template_category: str | None
    contents_json: str
    plans_json: str
    callback_url: str | None
    request_json: str | None


class StartRow(NamedTuple):
    batch_id: str
    contact_id: str
    status: str
    legs: int
    first_leg: int
    round: int
    plan_number: int
    held_micros: int
    active_contact_price_micros: int
    last_sequence: int
    reason_code: str | None
    reason: str | None
    updated_at_ms: int
    customer_id: str
    id: str


async def load(tx: Tx, keys: Iterable[tuple[str, str]]) -> list[StoredMessage]:
    """Lock and read messages by (customer_id, id), with one statement per customer."""
    by_customer: defaultdict[str, set[str]] = defaultdict(set)
    for customer_id, message_id in keys:
        by_customer[customer_id].add(message_id)
    return [
        StoredMessage(*row)
        for customer_id, message_ids in sorted(by_customer.items())
        for row in await tx.fetch(LOAD, customer_id=customer_id, ids=sorted(message_ids))
    ]


async def start(tx: Tx, rows: Sequence[StartRow]) -> None:
    """One row per message."""
    await tx.execute_many(START, rows, distinct=True)


async def cancel(tx: Tx, customer_id: str, message_id: str, *, last_sequence: int, now_ms: int) -> None:
    await tx.execute(CANCEL, customer_id=customer_id, id=message_id, last_sequence=last_sequence, updated_at_ms=now_ms)


async def lock_held(tx: Tx, customer_id: str) -> int:
    """How many messages of the customer wait for their time. Locks the counter until the commit."""
    return await counters.lock(tx, customer_id, HELD)


async def add_held(tx: Tx, changes: Iterable[tuple[str, int]]) -> None:
    """Pairs of (customer_id, change)."""
    await counters.add(tx, [CounterRow(customer_id, HELD, change) for customer_id, change in changes])
