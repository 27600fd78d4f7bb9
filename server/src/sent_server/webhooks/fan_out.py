"""Writes the deliveries of large fan-outs, a portion per transaction (docs/decisions/0042)."""

from sent_server import events
from sent_server.db import Tx
from sent_server.db.failpoint import failpoint
from sent_server.webhooks import store

WRITTEN_AT_ONCE = 1_000


async def write_portion(tx: Tx, customer_id: str, *, count: int) -> bool:
    """Write up to `count` deliveries of the customer's events.

    Returns False if none is left, or another process is at it. A webhook that is deleted meanwhile gets nothing, and
    one that is disabled parks what it gets.
    """
    # One process at a time per customer, so that deliveries are written in the order of their events. After the lock,
    # the next statement sees what the process before has written.
    if not await tx.try_locks([f"fan-out:{customer_id}"]):
        return False
    due_by_row = await events.next_portion(tx, customer_id, count=count)
    keys = sorted({(one.owner_id, one.endpoint_id) for _, due in due_by_row for one in due})
    webhooks = await store.by_ids(tx, keys)
    parks = {webhook.id: webhook.is_disabled_by_us for webhook in webhooks.values()}
    await events.write_portion(tx, due_by_row, parks=parks)
    failpoint("fan_out_before_commit")
    return bool(due_by_row)
