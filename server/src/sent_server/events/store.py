"""The SQL of subscriptions, events and the log of deliveries. The queue is in queue_store.py."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sent_server.db import Tx, counters, keyset
from sent_server.db.counters import CounterRow
from sent_server.db.database import fetch_one
from sent_server.events.names import Label
from sent_server.kernel import ids
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object

# The webhooks of each customer, and those of its organization that want events of profiles. And, per customer with
# deliveries that are not written yet, a row without an event: the newest of its fan-outs.
WANTED = """
    SELECT customer_id, event_name, endpoint_id, field, names_event, parks, customer_id
    FROM subscriptions
    WHERE customer_id IN (:customer_ids[])
    UNION ALL
    SELECT c.id, s.event_name, s.endpoint_id, s.field, s.names_event, s.parks, s.customer_id
    FROM customers c
    LOOKUP profile_subscriptions AS s BY (s.customer_id = c.organization_id)
    WHERE c.id IN (:customer_ids[]) AND c.kind = 'profile'
    UNION ALL
    SELECT customer_id, '', newest_id, '', 0, 0, customer_id
    FROM (
        SELECT n.value AS customer_id, (SELECT MAX(f.id) FROM fan_outs f WHERE f.customer_id = n.value) AS newest_id
        FROM EACH(:customer_ids) AS n
    ) AS fanning_out
    WHERE newest_id IS NOT NULL
"""
SUBSCRIBE = """
    INSERT INTO subscriptions (customer_id, event_name, endpoint_id, field, names_event, parks)
    VALUES (:customer_id, :event_name, :endpoint_id, :field, :names_event, :parks)
"""
UNSUBSCRIBE = """
    DELETE FROM subscriptions
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id
"""
SUBSCRIBE_TO_PROFILES = SUBSCRIBE.replace("subscriptions", "profile_subscriptions")
UNSUBSCRIBE_FROM_PROFILES = UNSUBSCRIBE.replace("subscriptions", "profile_subscriptions")
INSERT_EVENT = """
    INSERT INTO events (customer_id, id, name, subject_id, payload_json, at_ms)
    VALUES (:customer_id, :id, :name, :subject_id, :payload_json, :at_ms)
"""
INSERT_DELIVERY = """
    INSERT INTO deliveries
        (customer_id, endpoint_id, id, event_id, event_name, field, names_event, callback_url,
         status, attempts, spent, due_at_ms, fence, error_message, created_at_ms, completed_at_ms)
    VALUES
        (:customer_id, :endpoint_id, :id, :event_id, :event_name, :field, :names_event, :callback_url,
         :status, 0, 0, :due_at_ms, 0, :error_message, :created_at_ms, :completed_at_ms)
"""
ANY_DELIVERY = """
    SELECT id
    FROM deliveries
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id
    LIMIT 1
"""
PICK_PENDING = """
    SELECT id
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND due_at_ms IS NOT NULL
    LIMIT :count
"""
# Among the oldest rows, those that were finished before the limit. The inner limit bounds the scan.
PICK_OLD = """
    SELECT id
    FROM (
        SELECT id, status, completed_at_ms
        FROM deliveries
        WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id < :oldest_id
        ORDER BY id
        LIMIT :count
    ) AS oldest
    WHERE status IN ('delivered', 'failed') AND COALESCE(completed_at_ms, 0) < :before_ms
"""
# One step per endpoint of the customer.
OLDEST_DELIVERY = """
    SELECT MIN(oldest_id)
    FROM (
        SELECT (
            SELECT MIN(d.id) FROM deliveries d
            WHERE d.customer_id = h.customer_id AND d.endpoint_id = h.endpoint_id
        ) AS oldest_id
        FROM endpoint_health h
        WHERE h.customer_id = :customer_id
    ) AS endpoints
"""
DELETE_DELIVERY = """
    DELETE FROM deliveries
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""
PAGE = """
    SELECT d.id, d.event_name, d.field, d.status, d.attempts, d.http_status_code, d.response_body, d.error_message,
           d.created_at_ms, d.started_at_ms, d.completed_at_ms, d.due_at_ms, e.id, e.subject_id, e.payload_json, e.at_ms
    FROM deliveries d
    JOIN events e ON e.customer_id = d.customer_id AND e.id = d.event_id
    WHERE d.customer_id = :customer_id AND d.endpoint_id = :endpoint_id AND d.id > :above_id AND d.id < :below_id
    ORDER BY d.id DESC
    LIMIT :count OFFSET :skip
"""
SEARCH = PAGE.replace(
    "ORDER BY", "  AND (d.event_name LIKE :pattern ESCAPE '\\' OR d.status LIKE :pattern ESCAPE '\\')\n    ORDER BY"
)
SEARCH_COUNT = """
    SELECT COUNT(*)
    FROM deliveries d
    WHERE d.customer_id = :customer_id AND d.endpoint_id = :endpoint_id
      AND (d.event_name LIKE :pattern ESCAPE '\\' OR d.status LIKE :pattern ESCAPE '\\')
"""
FORGET_OLD_EVENTS = """
    DELETE FROM events
    WHERE customer_id = :customer_id AND id IN (
        SELECT id FROM events
        WHERE customer_id = :customer_id AND id < :oldest_id
        ORDER BY id
        LIMIT :count
    )
"""


class SubscriptionRow(NamedTuple):
    """`names_event` and `parks` are 0 or 1. Without an event, see WANTED."""

    customer_id: str
    event_name: str
    endpoint_id: str
    field: str
    names_event: int
    parks: int


class EventRow(NamedTuple):
    customer_id: str
    id: str
    name: str
    subject_id: str
    payload_json: str
    at_ms: int


class DeliveryRow(NamedTuple):
    """Pending with `due_at_ms` None means parked. Failed with `due_at_ms` None from the start means log-only."""

    customer_id: str
    endpoint_id: str
    id: str
    event_id: str
    event_name: str
    field: str
    names_event: int
    callback_url: str | None
    status: str
    due_at_ms: int | None
    error_message: str | None
    created_at_ms: int
    completed_at_ms: int | None


Key = tuple[str, str]


@value_object
class EventContent:
    """An event as stored. `payload_json` is its payload object."""

    id: str
    name: str
    subject_id: str
    payload_json: str
    at_ms: int


@value_object
class LogEntry:
    id: str
    event_name: str
    field: str
    status: str
    attempts: int
    http_status_code: int | None
    response_body: str | None
    error_message: str | None
    created_at_ms: int
    started_at_ms: int | None
    completed_at_ms: int | None
    due_at_ms: int | None
    content: EventContent

    @property
    def is_parked(self) -> bool:
        """Whether the delivery is kept until its webhook is enabled."""
        return self.status == "pending" and self.due_at_ms is None


async def wanted(tx: Tx, customer_ids: Sequence[str]) -> list[tuple[SubscriptionRow, str]]:
    """What is wanted of each customer, and the customer that owns the webhook: itself or its organization."""
    return [(SubscriptionRow(*row[:6]), row[6]) for row in await tx.fetch(WANTED, customer_ids=customer_ids)]


async def subscribe(
    tx: Tx, customer_id: str, endpoint_id: str, labels: Mapping[str, Label], *, parks: bool = False
) -> None:
    """Replace the endpoint's events. No events unsubscribes it. `parks`: events are kept, not sent."""
    await tx.execute(UNSUBSCRIBE, customer_id=customer_id, endpoint_id=endpoint_id)
    rows: list[SubscriptionRow] = _subscriptions(customer_id, endpoint_id, labels, parks=parks)
    await tx.execute_many(SUBSCRIBE, rows)


async def subscribe_to_profiles(
    tx: Tx, customer_id: str, endpoint_id: str, labels: Mapping[str, Label], *, parks: bool = False
) -> None:
    """Replace the events that the organization's endpoint wants of all its profiles, later ones included."""
    await tx.execute(UNSUBSCRIBE_FROM_PROFILES, customer_id=customer_id, endpoint_id=endpoint_id)
    rows: list[SubscriptionRow] = _subscriptions(customer_id, endpoint_id, labels, parks=parks)
    await tx.execute_many(SUBSCRIBE_TO_PROFILES, rows)


async def unsubscribe(tx: Tx, customer_id: str, endpoint_id: str) -> None:
    """End all events of an endpoint."""
    await tx.execute(UNSUBSCRIBE, customer_id=customer_id, endpoint_id=endpoint_id)
    await tx.execute(UNSUBSCRIBE_FROM_PROFILES, customer_id=customer_id, endpoint_id=endpoint_id)


def _subscriptions(
    customer_id: str, endpoint_id: str, labels: Mapping[str, Label], *, parks: bool
) -> list[SubscriptionRow]:
    return [
        SubscriptionRow(customer_id, name, endpoint_id, label.field, int(label.names_event), int(parks))
        for name, label in labels.items()
    ]


async def insert(
    tx: Tx,
    events: Sequence[EventRow],
    deliveries: Sequence[DeliveryRow],
    counts: Mapping[Key, int],
    parked: Mapping[Key, int],
) -> None:
    """`counts` maps (customer_id, endpoint_id) to the number of its new log entries, `parked` to those parked."""
    await tx.execute_many(INSERT_EVENT, events)
    await tx.execute_many(INSERT_DELIVERY, deliveries)
    changes = [
        CounterRow(customer_id, _log_counter(endpoint_id), more) for (customer_id, endpoint_id), more in counts.items()
    ]
    changes += [
        CounterRow(customer_id, _parked_counter(endpoint_id), more)
        for (customer_id, endpoint_id), more in parked.items()
    ]
    await counters.add(tx, changes)


async def count_parked_up(tx: Tx, customer_id: str, endpoint_id: str, more: int) -> None:
    """Add `more` to the count of parked deliveries. It may be negative."""
    await counters.add(tx, [CounterRow(customer_id, _parked_counter(endpoint_id), more)])


async def forget_parked_count(tx: Tx, customer_id: str, endpoint_id: str) -> None:
    """Reset the counter, as nothing is parked for the endpoint."""
    await counters.forget(tx, customer_id, _parked_counter(endpoint_id))


async def count_parked(tx: Tx, customer_id: str, endpoint_id: str) -> int:
    """How many deliveries are parked. Read from a counter, as they may be a hundred thousand."""
    return await counters.read(tx, customer_id, _parked_counter(endpoint_id))


async def forget_endpoint(tx: Tx, customer_id: str, endpoint_id: str, *, count: int = 1_000) -> None:
    """Delete up to `count` queued deliveries of a deleted webhook. Finished rows expire like all others."""
    await unsubscribe(tx, customer_id, endpoint_id)
    rows = await tx.fetch(PICK_PENDING, endpoint_id=endpoint_id, count=count)
    await delete_deliveries(tx, customer_id, endpoint_id, [row[0] for row in rows])
    await forget_counts(tx, customer_id, endpoint_id)


async def has_log(tx: Tx, customer_id: str, endpoint_id: str) -> bool:
    """Whether the endpoint has any deliveries, finished or not."""
    return bool(await tx.fetch(ANY_DELIVERY, customer_id=customer_id, endpoint_id=endpoint_id))


async def forget_counts(tx: Tx, customer_id: str, endpoint_id: str) -> None:
    for name in (_log_counter(endpoint_id), _parked_counter(endpoint_id)):
        await counters.forget(tx, customer_id, name)


async def delete_deliveries(tx: Tx, customer_id: str, endpoint_id: str, delivery_ids: Sequence[str]) -> None:
    await tx.execute_many(DELETE_DELIVERY, [(customer_id, endpoint_id, one) for one in delivery_ids])


async def log_page(
    tx: Tx, customer_id: str, endpoint_id: str, *, page: Page, pattern: str | None
) -> tuple[list[LogEntry], int]:
    """An endpoint's deliveries, newest first, with one more than the page size, and their total."""
    window = {"customer_id": customer_id, "endpoint_id": endpoint_id, **keyset.window(page)}
    if pattern is None:
        rows = await tx.fetch(keyset.ordered(PAGE, page), **window)
        total = await counters.read(tx, customer_id, _log_counter(endpoint_id))
    else:
        rows = await tx.fetch(keyset.ordered(SEARCH, page), **window, pattern=pattern)
        counted = await tx.fetch(SEARCH_COUNT, customer_id=customer_id, endpoint_id=endpoint_id, pattern=pattern)
        total = counted[0][0]
    entries = [LogEntry(*row[:12], content=EventContent(row[12], row[1], *row[13:])) for row in rows]
    return entries, total


async def forget_old(tx: Tx, customer_id: str, endpoint_id: str, *, before_ms: int, count: int) -> int:
    """Delete up to `count` of the oldest deliveries that were finished before `before_ms`. Returns how many."""
    rows = await tx.fetch(
        PICK_OLD,
        customer_id=customer_id,
        endpoint_id=endpoint_id,
        oldest_id=ids.new_id(before_ms)[:13],
        before_ms=before_ms,
        count=count,
    )
    gone = len(rows)
    await delete_deliveries(tx, customer_id, endpoint_id, [row[0] for row in rows])
    if gone:
        await counters.add_where_counted(tx, customer_id, _log_counter(endpoint_id), -gone)
    return gone


async def forget_events(tx: Tx, customer_id: str, *, before_ms: int, count: int) -> int:
    """Delete up to `count` events before `before_ms` that are older than all deliveries of the customer."""
    oldest_id = ids.new_id(before_ms)[:13]
    found = await fetch_one(tx, OLDEST_DELIVERY, customer_id=customer_id)
    if found and found[0]:
        oldest_id = min(oldest_id, found[0][:13])  # an event and its deliveries have the same millisecond
    return await tx.execute(FORGET_OLD_EVENTS, customer_id=customer_id, oldest_id=oldest_id, count=count)


def _log_counter(endpoint_id: str) -> str:
    return f"deliveries/{endpoint_id}"


def _parked_counter(endpoint_id: str) -> str:
    """The name sorts after the endpoint's other counter, and before those of the next endpoint."""
    return f"{_log_counter(endpoint_id)}/parked"
