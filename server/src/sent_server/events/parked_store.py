"""Parked deliveries of disabled endpoints: pending without a due time, so not in the queue until it is enabled again.

Every function processes a batch, so that a hundred thousand deliveries do not block others. The caller decides which
endpoints are off and how long deliveries are kept.
"""

from collections.abc import Sequence

from sent_server.db import Row, Tx
from sent_server.events import store
from sent_server.kernel import ids

# The query has no customer, so that the planner uses the partial index (see queue_store.py).
PICK_DUE = """
    SELECT id
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND due_at_ms <= :now_ms
    ORDER BY due_at_ms
    LIMIT :count
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
PARK = """
    UPDATE deliveries
    SET status = 'pending', due_at_ms = NULL, leased_at_ms = NULL, fence = fence + 1
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""
PICK_PARKED = """
    SELECT id
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND status = 'pending' AND due_at_ms IS NULL
    ORDER BY id
    LIMIT :count
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
# Due since its creation, so that the oldest is sent first, and before newer deliveries.
RELEASE = """
    UPDATE deliveries
    SET due_at_ms = CASE WHEN created_at_ms < :now_ms THEN created_at_ms ELSE :now_ms END, spent = 0,
        replayed_at_ms = :now_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
        AND status = 'pending' AND due_at_ms IS NULL
"""
PICK_UP_TO = """
    SELECT id
    FROM deliveries
    WHERE endpoint_id = :endpoint_id AND status = 'pending' AND due_at_ms IS NULL AND id <= :up_to_id
    ORDER BY id
    LIMIT :count
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
FAIL = """
    UPDATE deliveries
    SET status = 'failed', error_message = :reason, completed_at_ms = :now_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id
"""


async def park_due(tx: Tx, customer_id: str, endpoint_id: str, *, count: int, now_ms: int) -> int:
    """Take up to `count` due deliveries out of the queue. A sender that still holds one of them records nothing."""
    found = await tx.fetch(PICK_DUE, endpoint_id=endpoint_id, now_ms=now_ms, count=count)
    await tx.execute_many(PARK, [(customer_id, endpoint_id, row[0]) for row in found], distinct=True)
    await store.count_parked_up(tx, customer_id, endpoint_id, len(found))
    return len(found)


async def release(tx: Tx, customer_id: str, endpoint_id: str, *, count: int, now_ms: int) -> int:
    """Return up to `count` of the oldest deliveries to the queue, with all their retries available."""
    found = await tx.fetch(PICK_PARKED, endpoint_id=endpoint_id, count=count)
    await tx.execute_many(RELEASE, [(now_ms, customer_id, endpoint_id, row[0]) for row in found])
    await store.count_parked_up(tx, customer_id, endpoint_id, -len(found))
    return len(found)


async def fail_older(
    tx: Tx, customer_id: str, endpoint_id: str, *, before_ms: int, reason: str, count: int, now_ms: int
) -> int:
    """Fail up to `count` parked deliveries that were created before `before_ms`."""
    oldest_id = ids.new_id(before_ms)[:13]
    found = await tx.fetch(PICK_UP_TO, endpoint_id=endpoint_id, up_to_id=oldest_id, count=count)
    return await _fail(tx, customer_id, endpoint_id, found, reason=reason, now_ms=now_ms)


async def fail_beyond(
    tx: Tx, customer_id: str, endpoint_id: str, *, kept: int, reason: str, count: int, now_ms: int
) -> int:
    """Fail up to `count` of the oldest deliveries if more than `kept` are parked."""
    too_many = await store.count_parked(tx, customer_id, endpoint_id) - kept
    if too_many <= 0:
        return 0
    found = await tx.fetch(PICK_PARKED, endpoint_id=endpoint_id, count=min(count, too_many))
    return await _fail(tx, customer_id, endpoint_id, found, reason=reason, now_ms=now_ms)


async def drop_due(tx: Tx, customer_id: str, endpoint_id: str, *, count: int, now_ms: int) -> int:
    """Delete up to `count` due deliveries of a deleted endpoint."""
    found = await tx.fetch(PICK_DUE, endpoint_id=endpoint_id, now_ms=now_ms, count=count)
    await store.delete_deliveries(tx, customer_id, endpoint_id, [row[0] for row in found])
    return len(found)


async def drop_parked(tx: Tx, customer_id: str, endpoint_id: str, *, count: int) -> int:
    """Delete up to `count` parked deliveries of a deleted endpoint."""
    found = await tx.fetch(PICK_PARKED, endpoint_id=endpoint_id, count=count)
    await store.delete_deliveries(tx, customer_id, endpoint_id, [row[0] for row in found])
    return len(found)


async def _fail(tx: Tx, customer_id: str, endpoint_id: str, found: Sequence[Row], *, reason: str, now_ms: int) -> int:
    await tx.execute_many(FAIL, [(reason, now_ms, customer_id, endpoint_id, row[0]) for row in found], distinct=True)
    await store.count_parked_up(tx, customer_id, endpoint_id, -len(found))
    return len(found)
