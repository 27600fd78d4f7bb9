"""Claims messages round-robin over queues, within the limits of carrier and number. A queue is a customer's number.

One customer's million messages therefore delay another customer's ten by at most one batch.
"""

from collections import defaultdict
from collections.abc import Sequence

from sent_server import jobs
from sent_server.carriers.base import Carrier
from sent_server.db import Tx
from sent_server.delivery import throughput
from sent_server.jobs import Job
from sent_server.jobs.fair import queue_keys_after
from sent_server.messages.model import sender_of
from sent_server.messages.topics import dispatch_to


async def take(
    tx: Tx, carrier: Carrier, *, after: str, now_ms: int, lease_ms: int, count: int
) -> tuple[list[Job], str, bool]:
    """Lease up to `count` jobs from the queues after the queue `after`, wrapping around.

    Returns the jobs, the last queue served, and whether the limits left out due jobs.
    """
    kind = dispatch_to(carrier.name)
    queue_keys = await queue_keys_after(tx, kind, after, now_ms=now_ms)
    if not queue_keys:
        return [], "", False
    allowed = await throughput.allowance(
        tx,
        carrier.name,
        [sender_of(queue_key) for queue_key in queue_keys],
        carrier_per_second=carrier.messages_per_second,
        now_ms=now_ms,
    )
    rest = allowed.of_carrier(count)
    throttled = rest < count
    claimed: list[Job] = []
    for waiting, queue_key in zip(range(len(queue_keys), 0, -1), queue_keys, strict=True):
        fair = min(rest, max(1, rest // waiting))
        share = allowed.of(sender_of(queue_key), fair)
        throttled = throttled or share < fair
        if share:
            got = await jobs.claim(tx, kind, queue_key=queue_key, now_ms=now_ms, lease_ms=lease_ms, count=share)
            allowed.use(sender_of(queue_key), len(got))
            claimed += got
            rest -= len(got)
            after = queue_key
    await allowed.write(tx)
    return claimed, after if claimed else queue_keys[-1], throttled


async def take_named(
    tx: Tx, carrier: Carrier, ids: Sequence[str], *, now_ms: int, lease_ms: int
) -> tuple[list[Job], bool]:
    """Lease the given jobs that are free, within the limits. Also returns whether the limits left some out."""
    free = await jobs.named(tx, dispatch_to(carrier.name), ids, now_ms=now_ms)
    by_sender: defaultdict[str, list[str]] = defaultdict(list)
    for job_id, queue_key in free:
        by_sender[sender_of(queue_key)].append(job_id)
    allowed = await throughput.allowance(
        tx, carrier.name, list(by_sender), carrier_per_second=carrier.messages_per_second, now_ms=now_ms
    )
    chosen: list[str] = []
    for sender, waiting in by_sender.items():
        share = allowed.of(sender, len(waiting))
        allowed.use(sender, share)
        chosen += waiting[:share]
    await allowed.write(tx)
    return await jobs.lease(tx, chosen, leased_until_ms=now_ms + lease_ms), len(chosen) < len(free)
