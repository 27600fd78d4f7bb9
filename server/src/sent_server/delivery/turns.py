"""Whose messages go next: lanes (a customer's number each) take turns, within what carrier and number may send.

One customer's million messages therefore delay another's ten by a portion at most.
"""

from collections import defaultdict
from collections.abc import Sequence

from sent_server import jobs
from sent_server.carriers.base import Carrier
from sent_server.db import Tx
from sent_server.delivery import throughput
from sent_server.jobs import Job
from sent_server.messages.accept import DISPATCH
from sent_server.messages.model import sender_of

LANES = 16


async def take(
    tx: Tx, carrier: Carrier, *, after: str, now_ms: int, lease_ms: int, count: int
) -> tuple[list[Job], str, bool]:
    """Lease up to `count` jobs from the lanes after that one, and around.

    Returns them, the last lane served, and whether more is due than may leave now.
    """
    kind = DISPATCH + carrier.name
    lanes = await _lanes(tx, kind, after, now_ms)
    if not lanes:
        return [], "", False
    allowed = await throughput.allowance(
        tx,
        carrier.name,
        [sender_of(lane) for lane in lanes],
        carrier_per_second=carrier.messages_per_second,
        now_ms=now_ms,
    )
    rest = allowed.of_carrier(count)
    throttled = rest < count
    claimed: list[Job] = []
    for waiting, lane in zip(range(len(lanes), 0, -1), lanes, strict=True):
        fair = min(rest, max(1, rest // waiting))
        share = allowed.of(sender_of(lane), fair)
        throttled = throttled or share < fair
        if share:
            got = await jobs.claim(tx, kind, lane=lane, now_ms=now_ms, lease_ms=lease_ms, count=share)
            allowed.use(sender_of(lane), len(got))
            claimed += got
            rest -= len(got)
            after = lane
    await allowed.write(tx)
    return claimed, after if claimed else lanes[-1], throttled


async def take_named(
    tx: Tx, carrier: Carrier, ids: Sequence[str], *, now_ms: int, lease_ms: int
) -> tuple[list[Job], bool]:
    """Lease those of the given jobs that are free and may leave now; and whether some may not."""
    free = await jobs.named(tx, DISPATCH + carrier.name, ids, now_ms=now_ms)
    by_sender: defaultdict[str, list[str]] = defaultdict(list)
    for job_id, lane in free:
        by_sender[sender_of(lane)].append(job_id)
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


async def _lanes(tx: Tx, kind: str, after: str, now_ms: int) -> list[str]:
    lanes = await jobs.lanes(tx, kind, after=after, now_ms=now_ms, count=LANES)
    if after and len(lanes) < LANES:
        first = await jobs.lanes(tx, kind, after="", now_ms=now_ms, count=LANES - len(lanes))
        lanes += [lane for lane in first if lane <= after]
    return lanes
