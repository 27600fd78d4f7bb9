"""Claims round-robin over the queues of a kind, so that a long queue does not delay the others."""

from sent_server.db import Tx
from sent_server.jobs import store
from sent_server.jobs.store import Job

QUEUE_KEYS = 16


async def queue_keys_after(tx: Tx, kind: str, after: str, *, now_ms: int) -> list[str]:
    """Some queues with due jobs, those after the queue `after` first, wrapping around."""
    found = await store.queue_keys(tx, kind, after=after, now_ms=now_ms, count=QUEUE_KEYS)
    if after and len(found) < QUEUE_KEYS:
        first = await store.queue_keys(tx, kind, after="", now_ms=now_ms, count=QUEUE_KEYS - len(found))
        found += [queue_key for queue_key in first if queue_key <= after]
    return found


async def claim(tx: Tx, kind: str, *, after: str, now_ms: int, lease_ms: int, count: int) -> tuple[list[Job], str]:
    """Lease up to `count` due jobs. Returns them, and the last queue served."""
    queue_keys = await queue_keys_after(tx, kind, after, now_ms=now_ms)
    claimed: list[Job] = []
    for waiting, queue_key in zip(range(len(queue_keys), 0, -1), queue_keys, strict=True):
        rest = count - len(claimed)
        if rest <= 0:
            break
        share = max(1, rest // waiting)
        claimed += await store.claim(
            tx, kind, queue_key=queue_key, now_ms=now_ms, lease_ms=lease_ms, count=min(rest, share)
        )
        after = queue_key
    return claimed, after if queue_keys else ""
