"""The SQL of subscriptions, events and deliveries. Every function works on sets.

The queue functions (due, claim, release) are global by nature, like the job table: a sender serves all tenants.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sent_server.db import Row, Tx
from sent_server.kernel import ids
from sent_server.kernel.paging import Page

WANTED = """
    SELECT customer_id, event_name, endpoint_id, field
    FROM subscriptions
    WHERE customer_id IN (:customer_ids[])
"""
SUBSCRIBE = """
    INSERT INTO subscriptions (customer_id, event_name, endpoint_id, field)
    VALUES (:customer_id, :event_name, :endpoint_id, :field)
"""
UNSUBSCRIBE = """
    DELETE FROM subscriptions
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id
"""
INSERT_EVENT = """
    INSERT INTO events (customer_id, id, name, subject_id, payload_json, at_ms)
    VALUES (:customer_id, :id, :name, :subject_id, :payload_json, :at_ms)
"""
INSERT_DELIVERY = """
    INSERT INTO deliveries
        (customer_id, endpoint_id, id, event_id, event_name, field, callback_url,
         status, attempts, spent, due_at_ms, fence, error_message, created_at_ms, completed_at_ms)
    VALUES
        (:customer_id, :endpoint_id, :id, :event_id, :event_name, :field, :callback_url,
         :status, 0, 0, :due_at_ms, 0, :error_message, :created_at_ms, :completed_at_ms)
"""
COUNT_UP = """
    INSERT INTO counters (customer_id, name, total)
    VALUES (:customer_id, :name, :more)
    ON CONFLICT (customer_id, name) DO UPDATE SET total = counters.total + excluded.total
"""
COUNT_OF = """
    SELECT total
    FROM counters
    WHERE customer_id = :customer_id AND name = :name
"""
FORGET_COUNT = """
    DELETE FROM counters
    WHERE customer_id = :customer_id AND name = :name
"""
# A loose index scan: one step per endpoint that waits, however many deliveries each has.
DUE_ENDPOINTS = """
    WITH RECURSIVE waiting (endpoint_id) AS (
        SELECT MIN(endpoint_id) FROM deliveries WHERE due_at_ms IS NOT NULL
        UNION ALL
        SELECT (
            SELECT MIN(d.endpoint_id) FROM deliveries d
            WHERE d.due_at_ms IS NOT NULL AND d.endpoint_id > waiting.endpoint_id
        )
        FROM waiting
        WHERE waiting.endpoint_id IS NOT NULL
    )
    SELECT
        (SELECT d.customer_id FROM deliveries d
         WHERE d.endpoint_id = waiting.endpoint_id AND d.due_at_ms <= :now_ms ORDER BY d.due_at_ms LIMIT 1),
        endpoint_id,
        (SELECT d.callback_url FROM deliveries d
         WHERE d.endpoint_id = waiting.endpoint_id AND d.due_at_ms <= :now_ms ORDER BY d.due_at_ms LIMIT 1)
    FROM waiting
    WHERE endpoint_id IS NOT NULL
"""
# Picking names no customer, so that the planner takes the queue's index and not the key of all rows. Then each row is
# written by its whole key: one UPDATE .. IN (SELECT .. LIMIT .. FOR UPDATE) may pick several times over on PostgreSQL,
# and before there are statistics it reads every finished row of the endpoint.
PICK = """
    SELECT customer_id, endpoint_id, id, event_id, event_name, field, callback_url, attempts, spent, fence + 1
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND due_at_ms <= :now_ms
    ORDER BY due_at_ms
    LIMIT :count
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
LEASE = """
    UPDATE deliveries
    SET due_at_ms = :leased_until_ms, leased_at_ms = :now_ms, fence = :fence
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""
CONTENTS = """
    SELECT e.id, e.name, e.subject_id, e.payload_json, e.at_ms
    FROM EACH(:ids) AS n
    LOOKUP events AS e BY (e.customer_id = :customer_id AND e.id = n.value)
"""
RECORD = """
    UPDATE deliveries
    SET status = :status, attempts = :attempts, spent = :spent, due_at_ms = :due_at_ms, leased_at_ms = NULL,
        http_status_code = :http_status_code, response_body = :response_body, error_message = :error_message,
        started_at_ms = COALESCE(started_at_ms, :started_at_ms), completed_at_ms = :completed_at_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id AND fence = :fence
"""
RELEASE_ALL = """
    UPDATE deliveries
    SET due_at_ms = :now_ms, leased_at_ms = NULL
    WHERE due_at_ms IS NOT NULL AND leased_at_ms IS NOT NULL
"""
# All that is claimed at one endpoint, named by its unique id.
RELEASE_ENDPOINT = """
    UPDATE deliveries
    SET due_at_ms = :now_ms, leased_at_ms = NULL
    WHERE endpoint_id = :endpoint_id AND due_at_ms IS NOT NULL AND leased_at_ms IS NOT NULL
"""
PICK_WAITING = """
    SELECT id
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND due_at_ms IS NOT NULL
      AND leased_at_ms IS NULL AND COALESCE(replayed_at_ms, created_at_ms) <= :created_before_ms
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
GIVE_UP = """
    UPDATE deliveries
    SET status = 'failed', due_at_ms = NULL, error_message = :reason, completed_at_ms = :now_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""
PICK_PENDING = """
    SELECT id
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND due_at_ms IS NOT NULL
"""
PICK_OLD = """
    SELECT id
    FROM deliveries
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id < :oldest_id AND due_at_ms IS NULL
    ORDER BY id
    LIMIT :count
"""
DELETE_DELIVERY = """
    DELETE FROM deliveries
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""
PAGE = """
    SELECT d.id, d.event_name, d.field, d.status, d.attempts, d.http_status_code, d.response_body, d.error_message,
           d.created_at_ms, d.started_at_ms, d.completed_at_ms, e.id, e.subject_id, e.payload_json, e.at_ms
    FROM deliveries d
    JOIN events e ON e.customer_id = d.customer_id AND e.id = d.event_id
    WHERE d.customer_id = :customer_id AND d.endpoint_id = :endpoint_id
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


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery leased to a sender; what is written on its behalf must carry `fence`."""

    customer_id: str
    endpoint_id: str
    id: str
    event_id: str
    event_name: str
    field: str
    callback_url: str | None
    attempts: int
    spent: int
    fence: int

    @property
    def lease(self) -> str:
        """Names this claim of the delivery. A process that lost it and got it back has two, both perhaps open."""
        return f"{self.id}/{self.fence}"


@dataclass(frozen=True, slots=True)
class Content:
    """An event as stored; `payload_json` is its payload object."""

    id: str
    name: str
    subject_id: str
    payload_json: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class DueEndpoint:
    """An endpoint with something to send. `callback_url` is set when it is the origin of callback addresses."""

    customer_id: str
    endpoint_id: str
    callback_url: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What becomes of a claimed delivery. `due_at_ms` None means finished."""

    status: str
    attempts: int
    spent: int
    due_at_ms: int | None
    http_status_code: int | None
    response_body: str | None
    error_message: str | None
    started_at_ms: int | None
    completed_at_ms: int | None


@dataclass(frozen=True, slots=True)
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
    content: Content


async def wanted(tx: Tx, customer_ids: Sequence[str]) -> list[Row]:
    """Rows of (customer_id, event_name, endpoint_id, field)."""
    return await tx.fetch(WANTED, customer_ids=customer_ids)


async def subscribe(tx: Tx, customer_id: str, endpoint_id: str, fields: dict[str, str]) -> None:
    """Make these events (name -> field) the endpoint's only ones; none at all unsubscribes it."""
    await tx.execute(UNSUBSCRIBE, customer_id=customer_id, endpoint_id=endpoint_id)
    await tx.execute_many(SUBSCRIBE, [(customer_id, name, endpoint_id, field) for name, field in fields.items()])


async def insert(tx: Tx, events: Sequence[Row], deliveries: Sequence[Row], counts: dict[tuple[str, str], int]) -> None:
    """`counts` maps (customer_id, endpoint_id) to its new log entries."""
    await tx.execute_many(INSERT_EVENT, events)
    await tx.execute_many(INSERT_DELIVERY, deliveries)
    # Sorted, so that two transactions take the rows' locks in the same order.
    rows = [(customer_id, _log_counter(endpoint_id), more) for (customer_id, endpoint_id), more in counts.items()]
    await tx.execute_many(COUNT_UP, sorted(rows))


async def due_endpoints(tx: Tx, *, now_ms: int) -> list[DueEndpoint]:
    rows = await tx.fetch(DUE_ENDPOINTS, now_ms=now_ms)
    return [DueEndpoint(*row) for row in rows if row[0] is not None]


async def claim(tx: Tx, endpoint: DueEndpoint, *, now_ms: int, lease_ms: int, count: int) -> list[Claimed]:
    """Lease up to `count` due deliveries of one endpoint, the longest due first."""
    rows = await tx.fetch(PICK, endpoint_id=endpoint.endpoint_id, now_ms=now_ms, count=count)
    claimed = [Claimed(*row) for row in rows]
    leased_until_ms = now_ms + lease_ms
    await tx.execute_many(
        LEASE,
        [(leased_until_ms, now_ms, one.fence, one.customer_id, one.endpoint_id, one.id) for one in claimed],
    )
    return claimed


async def contents(tx: Tx, customer_id: str, event_ids: Sequence[str]) -> dict[str, Content]:
    rows = await tx.fetch(CONTENTS, customer_id=customer_id, ids=event_ids)
    return {row[0]: Content(*row) for row in rows}


async def record(tx: Tx, results: Sequence[tuple[Claimed, Progress]]) -> None:
    """Write what became of claimed deliveries, except where another sender has claimed them since."""
    await tx.execute_many(
        RECORD,
        [
            (
                progress.status,
                progress.attempts,
                progress.spent,
                progress.due_at_ms,
                progress.http_status_code,
                progress.response_body,
                progress.error_message,
                progress.started_at_ms,
                progress.completed_at_ms,
                claimed.customer_id,
                claimed.endpoint_id,
                claimed.id,
                claimed.fence,
            )
            for claimed, progress in results
        ],
    )


async def release_all(tx: Tx, *, now_ms: int) -> int:
    """Give back every lease; only for a process that knows it is alone (start-up on SQLite)."""
    return await tx.execute(RELEASE_ALL, now_ms=now_ms)


async def release_endpoint(tx: Tx, endpoint_id: str, *, now_ms: int) -> int:
    """Give back every lease at one endpoint; only for the process that alone serves it."""
    return await tx.execute(RELEASE_ENDPOINT, endpoint_id=endpoint_id, now_ms=now_ms)


async def give_up(
    tx: Tx, customer_id: str, endpoint_id: str, *, reason: str, created_before_ms: int, now_ms: int
) -> int:
    """Fail the waiting deliveries of an endpoint that are older than that, visibly."""
    rows = await tx.fetch(PICK_WAITING, endpoint_id=endpoint_id, created_before_ms=created_before_ms)
    await tx.execute_many(GIVE_UP, [(reason, now_ms, customer_id, endpoint_id, row[0]) for row in rows])
    return len(rows)


async def forget_endpoint(tx: Tx, customer_id: str, endpoint_id: str) -> None:
    """Drop what still waits for a deleted webhook. Its finished rows age out like all others."""
    await tx.execute(UNSUBSCRIBE, customer_id=customer_id, endpoint_id=endpoint_id)
    rows = await tx.fetch(PICK_PENDING, endpoint_id=endpoint_id)
    await tx.execute_many(DELETE_DELIVERY, [(customer_id, endpoint_id, row[0]) for row in rows])
    await tx.execute(FORGET_COUNT, customer_id=customer_id, name=_log_counter(endpoint_id))


async def log_page(
    tx: Tx, customer_id: str, endpoint_id: str, *, page: Page, pattern: str | None
) -> tuple[list[LogEntry], int]:
    """An endpoint's deliveries, newest first (one more than the page holds), and how many there are."""
    window = {"customer_id": customer_id, "endpoint_id": endpoint_id, "count": page.fetch, "skip": page.offset}
    if pattern is None:
        rows = await tx.fetch(PAGE, **window)
        counted = await tx.fetch(COUNT_OF, customer_id=customer_id, name=_log_counter(endpoint_id))
    else:
        rows = await tx.fetch(SEARCH, **window, pattern=pattern)
        counted = await tx.fetch(SEARCH_COUNT, customer_id=customer_id, endpoint_id=endpoint_id, pattern=pattern)
    entries = [LogEntry(*row[:11], content=Content(row[11], row[1], *row[12:])) for row in rows]
    return entries, counted[0][0] if counted else 0


async def forget_old(tx: Tx, customer_id: str, endpoint_id: str, *, before_ms: int, count: int = 1_000) -> int:
    """Delete up to `count` finished deliveries, and events, from before then; returns how many deliveries went.

    `before_ms` must lie further back than a delivery can wait, so that no waiting one loses its event.
    """
    oldest_id = ids.new_id(before_ms)[:13]
    rows = await tx.fetch(PICK_OLD, customer_id=customer_id, endpoint_id=endpoint_id, oldest_id=oldest_id, count=count)
    gone = len(rows)
    await tx.execute_many(DELETE_DELIVERY, [(customer_id, endpoint_id, row[0]) for row in rows])
    await tx.execute_many(COUNT_UP, [(customer_id, _log_counter(endpoint_id), -gone)] if gone else [])
    await tx.execute(FORGET_OLD_EVENTS, customer_id=customer_id, oldest_id=oldest_id, count=count)
    return gone


def _log_counter(endpoint_id: str) -> str:
    return f"deliveries/{endpoint_id}"
