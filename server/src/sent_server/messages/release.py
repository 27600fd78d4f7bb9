r"""The job of a held message: its release when its time has come.

held --release--> PROCESSED, with a hold and the job of a carrier | FILTERED | BLOCKED
     \--cancel--> CANCELLED

The job has the id of its message and is due at its time. A release turns it into the job of a carrier in the
transaction that claims it, so that a crash neither loses nor doubles a message. A cancellation deletes it first, or
finds that it is gone.
"""

from collections import defaultdict
from collections.abc import Sequence

from sent_server import jobs
from sent_server.bus import Bus
from sent_server.db import Tx
from sent_server.db.failpoint import failpoint
from sent_server.jobs import Backoff, Job, Kind, LocalSet, MoveRow
from sent_server.messages import round_store
from sent_server.messages.accept import MAX_NAMED
from sent_server.messages.held import RELEASE
from sent_server.messages.rounds import Started, StartRounds
from sent_server.messages.statuses import SCHEDULED

LEASE_MS = 10_000
RETRY_AFTER_MS = 1_000
# Small batches with a pause, because immediate sends use the same database. All customers have queues of their own.
COUNT = 100
PAUSE_MS = 10
POLL_MS = 500


def kind(rounds: StartRounds, bus: Bus) -> Kind:
    async def handle(tx: Tx, due: Sequence[Job], now_ms: int) -> None:
        started = await release(tx, rounds, due, now_ms=now_ms)
        failpoint("release_before_commit")
        tx.after_commit(lambda: failpoint("release_after_commit"))
        tx.after_commit(lambda: hint(bus, started))

    return Kind(
        RELEASE,
        LEASE_MS,
        LocalSet(handle),
        Backoff((RETRY_AFTER_MS,)),
        COUNT,
        has_queues=True,
        poll_ms=POLL_MS,
        batch_delay_ms=PAUSE_MS,
    )


async def release(tx: Tx, rounds: StartRounds, due: Sequence[Job], *, now_ms: int) -> Started:
    """Release the messages of claimed jobs. Those that may not be sent end here."""
    found = await round_store.load(tx, [(one.customer_id, one.id) for one in due])
    started = await rounds.release(tx, [one for one in found if one.status == SCHEDULED], now_ms=now_ms)
    work = {row.id: row for row in started.work}
    await jobs.move_keyed(
        tx,
        [
            MoveRow(work[one.id].kind, work[one.id].queue_key, now_ms, one.id, one.fence)
            for one in due
            if one.id in work
        ],
    )
    await jobs.finish(tx, [one for one in due if one.id not in work])
    return started


def hint(bus: Bus, started: Started) -> None:
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for row in started.work:
        by_kind[row.kind].append(row.id)
    for topic in sorted(started.topics):
        named = by_kind[topic]
        bus.hint(topic, named if len(named) <= MAX_NAMED else ())
