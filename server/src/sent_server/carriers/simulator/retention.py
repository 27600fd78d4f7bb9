"""Deletes the oldest messages of busy tenants, and old memories of the network."""

from sent_server.carriers.simulator import scheduled_store, store
from sent_server.db import Database

EVERY_MS = 5_000
KEPT_MESSAGES = 10_000  # per tenant: enough for viewing, and listed or deleted in a few milliseconds
KEPT_MEMORIES_MS = 7 * 86_400_000
CHUNK = 500
CHUNKS_PER_STEP = 10


async def step(database: Database, *, now_ms: int) -> bool:
    """Delete some of the oldest messages of tenants above the limit. Returns False, so that the worker waits."""
    for customer_id in await database.read(store.customers):
        await trim(database, customer_id)
    before_ms = now_ms - KEPT_MEMORIES_MS
    await database.write(lambda tx: scheduled_store.forget_old_memories(tx, before_ms=before_ms))
    return False


async def trim(database: Database, customer_id: str, *, kept: int = KEPT_MESSAGES) -> None:
    """Delete a limited number of messages older than the `kept` newest ones, in small commits."""
    last_id = await database.read(lambda tx: store.last_surplus(tx, customer_id, kept=kept), heavy=True)
    if last_id is None:
        return
    for _ in range(CHUNKS_PER_STEP):
        deleted = await database.write(lambda tx: store.trim(tx, customer_id, last_id=last_id, count=CHUNK))
        if deleted < CHUNK:
            return
