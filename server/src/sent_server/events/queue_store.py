"""The SQL of the delivery queue: due deliveries, their leases and their results. Every function works on sets.

The queue is global, like the job table: a sender serves all tenants.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sent_server.db import Tx
from sent_server.events.names import Label
from sent_server.events.store import EventContent
from sent_server.kernel.values import value_object

# A loose index scan: one step per endpoint with deliveries in the queue, however many each has.
DUE_ENDPOINTS = """
    WITH RECURSIVE waiting (endpoint_id) AS (
        SELECT MIN(endpoint_id) FROM deliveries WHERE due_at_ms IS NOT NULL AND endpoint_id > :after
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
    LIMIT :count
"""
# The query has no customer, so that the planner uses the queue's index and not the primary key. Then each row is
# updated by its whole key. An UPDATE .. IN (SELECT .. LIMIT .. FOR UPDATE) may run the subquery several times on
# PostgreSQL, and without statistics it reads every finished row of the endpoint.
PICK = """
    SELECT customer_id, endpoint_id, id, event_id, event_name, field, names_event, callback_url, attempts, spent,
        fence + 1
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
    SET status = :status, attempts = :attempts, spent = :retries_used, due_at_ms = :due_at_ms, leased_at_ms = NULL,
        http_status_code = :http_status_code, response_body = :response_body, error_message = :error_message,
        started_at_ms = COALESCE(started_at_ms, :started_at_ms), completed_at_ms = :completed_at_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id AND fence = :fence
"""
RELEASE_ALL = """
    UPDATE deliveries
    SET due_at_ms = :now_ms, leased_at_ms = NULL
    WHERE due_at_ms IS NOT NULL AND leased_at_ms IS NOT NULL
"""
# All claimed deliveries of an endpoint, by its unique id.
RELEASE_ENDPOINT = """
    UPDATE deliveries
    SET due_at_ms = :now_ms, leased_at_ms = NULL
    WHERE endpoint_id = :endpoint_id AND due_at_ms IS NOT NULL AND leased_at_ms IS NOT NULL
"""
# Among the deliveries that have been due for longest. The inner limit bounds the scan. Later deliveries are examined
# when these are sent.
PICK_WAITING = """
    SELECT id
    FROM (
        SELECT id, leased_at_ms, replayed_at_ms, created_at_ms
        FROM deliveries
        WHERE endpoint_id = :endpoint_id AND due_at_ms IS NOT NULL
        ORDER BY due_at_ms
        LIMIT :count
        /*pg: FOR UPDATE SKIP LOCKED*/
    ) AS longest
    WHERE leased_at_ms IS NULL AND COALESCE(replayed_at_ms, created_at_ms) <= :created_before_ms
"""
GIVE_UP = """
    UPDATE deliveries
    SET status = 'failed', due_at_ms = NULL, error_message = :reason, completed_at_ms = :now_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""


@value_object
class ClaimedDelivery:
    """A delivery leased to a sender. Its result must be written with `fence`."""

    customer_id: str
    endpoint_id: str
    id: str
    event_id: str
    event_name: str
    field: str
    names_event: int
    callback_url: str | None
    attempts: int
    retries_used: int
    fence: int

    @property
    def label(self) -> Label:
        return Label(self.field, bool(self.names_event))

    @property
    def lease(self) -> str:
        """The name of this claim. A process that loses and reclaims a delivery has two claims, perhaps both open."""
        return f"{self.id}/{self.fence}"


@value_object
class DueEndpoint:
    """An endpoint with due deliveries. `callback_url` is set if it is the origin of callback addresses."""

    customer_id: str
    endpoint_id: str
    callback_url: str | None


@value_object
class Share:
    """How many deliveries of an endpoint to claim, and for how long."""

    endpoint_id: str
    count: int
    lease_ms: int


@value_object
class DeliveryProgress:
    """The new state of a claimed delivery. `due_at_ms` None means finished."""

    status: str
    attempts: int
    retries_used: int
    due_at_ms: int | None
    http_status_code: int | None
    response_body: str | None
    error_message: str | None
    started_at_ms: int | None
    completed_at_ms: int | None


async def due_endpoints(tx: Tx, *, after: str, now_ms: int, count: int) -> tuple[list[DueEndpoint], str]:
    """Examine up to `count` endpoints in the queue, after the id `after`. Returns those with due deliveries and the
    next `after`, which is empty at the end."""
    rows = await tx.fetch(DUE_ENDPOINTS, after=after, now_ms=now_ms, count=count)
    due = [DueEndpoint(*row) for row in rows if row[0] is not None]
    return due, rows[-1][1] if len(rows) == count else ""


async def claim(tx: Tx, shares: Sequence[Share], *, now_ms: int) -> list[ClaimedDelivery]:
    """Lease due deliveries of some endpoints, up to each one's share, the longest due first."""
    rows = await tx.fetch_many(PICK, [(share.endpoint_id, now_ms, share.count) for share in shares])
    claimed = [ClaimedDelivery(*row) for row in rows]
    until_ms = {share.endpoint_id: now_ms + share.lease_ms for share in shares}
    await tx.execute_many(
        LEASE,
        [(until_ms[one.endpoint_id], now_ms, one.fence, one.customer_id, one.endpoint_id, one.id) for one in claimed],
        distinct=True,
    )
    return claimed


async def contents(tx: Tx, keys: Iterable[tuple[str, str]]) -> dict[str, EventContent]:
    """The events with these keys of (customer_id, event_id), by id."""
    by_customer: defaultdict[str, list[str]] = defaultdict(list)
    for customer_id, event_id in sorted(set(keys)):
        by_customer[customer_id].append(event_id)
    rows = await tx.fetch_many(CONTENTS, [(ids, customer_id) for customer_id, ids in by_customer.items()])
    return {row[0]: EventContent(*row) for row in rows}


async def record(tx: Tx, results: Sequence[tuple[ClaimedDelivery, DeliveryProgress]]) -> None:
    """Write the new states of claimed deliveries, except those that another sender has claimed since."""
    await tx.execute_many(
        RECORD,
        [
            (
                progress.status,
                progress.attempts,
                progress.retries_used,
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
        distinct=True,
    )


async def release_all(tx: Tx, *, now_ms: int) -> int:
    """Release every lease. Only for a process that is known to be the only one (startup on SQLite)."""
    return await tx.execute(RELEASE_ALL, now_ms=now_ms)


async def release_endpoints(tx: Tx, endpoint_ids: Collection[str], *, now_ms: int) -> None:
    """Release every lease of some endpoints. Only for the process that holds these endpoints."""
    await tx.execute_many(RELEASE_ENDPOINT, [(now_ms, endpoint_id) for endpoint_id in sorted(endpoint_ids)])


async def give_up(
    tx: Tx, customer_id: str, endpoint_id: str, *, reason: str, created_before_ms: int, count: int, now_ms: int
) -> int:
    """Fail up to `count` unclaimed deliveries that were created or replayed before then. Returns how many."""
    rows = await tx.fetch(PICK_WAITING, endpoint_id=endpoint_id, created_before_ms=created_before_ms, count=count)
    await tx.execute_many(GIVE_UP, [(reason, now_ms, customer_id, endpoint_id, row[0]) for row in rows])
    return len(rows)
