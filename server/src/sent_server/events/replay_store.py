"""Puts finished deliveries back into the queue. The event, its id and its bytes stay the same."""

from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.db.database import Row
from sent_server.events import store
from sent_server.kernel import ids
from sent_server.kernel.values import value_object

PICK_ONE = """
    SELECT id, due_at_ms IS NULL AND status IN ('delivered', 'failed') FROM deliveries
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id AND event_name <> :never
    /*pg: FOR UPDATE*/
"""
PICK_RANGE = """
    SELECT id FROM deliveries
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id > :after_id
        AND id < :until_id AND due_at_ms IS NULL AND status IN (:states[]) AND event_name <> :never
    ORDER BY id
    LIMIT :count
    /*pg: FOR UPDATE*/
"""
AGAIN = """
    UPDATE deliveries
    SET status = 'pending', spent = 0, due_at_ms = :due_at_ms, leased_at_ms = NULL, fence = fence + 1,
        error_message = NULL, completed_at_ms = NULL, replayed_at_ms = :now_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND id = :id AND due_at_ms IS NULL
        AND status IN ('delivered', 'failed')
"""


@value_object
class Span:
    """Deliveries created from `since_ms` until before `until_ms`, in `states`, after the id `after_id`."""

    since_ms: int
    until_ms: int
    states: Sequence[str]
    after_id: str | None = None


async def replay_one(
    tx: Tx, customer_id: str, endpoint_id: str, delivery_id: str, *, parks: bool, never: str, now_ms: int
) -> bool:
    """Replay a delivery. Returns False if it does not exist. A pending delivery remains unchanged. `never` is the name
    of log-only entries. `parks`: the delivery is kept until the endpoint is on."""
    found = await tx.fetch(PICK_ONE, customer_id=customer_id, endpoint_id=endpoint_id, id=delivery_id, never=never)
    finished = [row for row in found if row[1]]
    await _again(tx, customer_id, endpoint_id, finished, parks=parks, now_ms=now_ms)
    return bool(found)


async def replay_span(
    tx: Tx, customer_id: str, endpoint_id: str, span: Span, *, parks: bool, never: str, count: int, now_ms: int
) -> tuple[int, str | None]:
    """Replay up to `count`, oldest first. Returns how many, and the next `after_id` if there may be more."""
    found = await tx.fetch(
        PICK_RANGE,
        customer_id=customer_id,
        endpoint_id=endpoint_id,
        after_id=span.after_id or _first_of(span.since_ms),
        until_id=_first_of(span.until_ms),
        states=span.states,
        never=never,
        count=count,
    )
    await _again(tx, customer_id, endpoint_id, found, parks=parks, now_ms=now_ms)
    return len(found), found[-1][0] if len(found) == count else None


def _first_of(at_ms: int) -> str:
    """A string that sorts before every id made from that millisecond on, and after all earlier ones."""
    return ids.new_id(at_ms)[:13]


async def _again(tx: Tx, customer_id: str, endpoint_id: str, found: Sequence[Row], *, parks: bool, now_ms: int) -> None:
    due_at_ms = None if parks else now_ms
    await tx.execute_many(AGAIN, [(due_at_ms, now_ms, customer_id, endpoint_id, row[0]) for row in found])
    if parks:
        await store.count_parked_up(tx, customer_id, endpoint_id, len(found))
