"""The SQL of the job table. All functions work on sets."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sent_server.db import Tx
from sent_server.kernel.values import value_object

SINGLE_QUEUE = "-"
ENQUEUE = """
    INSERT INTO jobs (id, kind, lane, customer_id, due_at_ms, fence, created_at_ms)
    VALUES (:id, :kind, :queue_key, :customer_id, :due_at_ms, 0, :created_at_ms)
"""
# A loose index scan: one step per non-empty queue, however long the queues are.
QUEUE_KEYS = """
    WITH RECURSIVE held (lane) AS (
        SELECT MIN(lane) FROM jobs WHERE kind = :kind AND lane > :after
        UNION ALL
        SELECT (SELECT MIN(j.lane) FROM jobs j WHERE j.kind = :kind AND j.lane > held.lane)
        FROM held
        WHERE held.lane IS NOT NULL
    )
    SELECT lane FROM held
    WHERE lane IS NOT NULL
        AND EXISTS (SELECT 1 FROM jobs j WHERE j.kind = :kind AND j.lane = held.lane AND j.due_at_ms <= :now_ms)
    LIMIT :count
"""
# Two statements, because in one PostgreSQL may run the inner select again and lease more jobs than requested.
PICK = """
    SELECT id, due_at_ms FROM jobs
    WHERE kind = :kind AND lane = :queue_key AND due_at_ms <= :now_ms
    ORDER BY due_at_ms
    LIMIT :count
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
# Hinted jobs are fetched by key, so that workers do not compete for the head of the queue (docs/decisions/0006).
# A job that was due when it was created is due, even if this machine's clock is behind that of its creator. A job that
# is due later waits, even if it is hinted.
PICK_NAMED = """
    SELECT id, lane FROM jobs
    WHERE id IN (:ids[]) AND kind = :kind
        AND (due_at_ms <= :now_ms OR (fence = 0 AND due_at_ms <= created_at_ms))
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
LEASE = """
    UPDATE jobs
    SET due_at_ms = :leased_until_ms, fence = fence + 1
    WHERE id IN (:ids[])
    RETURNING id, kind, customer_id, fence, lane
"""
# Sorted, so that workers that record the same jobs lock rows in the same order.
HELD = """
    SELECT id, fence, due_at_ms FROM jobs
    WHERE id IN (:ids[])
    ORDER BY id
    /*pg: FOR UPDATE*/
"""
# A loose index scan: one step per kind, however many jobs wait.
KINDS = """
    WITH RECURSIVE known (kind) AS (
        SELECT MIN(kind) FROM jobs
        UNION ALL
        SELECT (SELECT MIN(j.kind) FROM jobs j WHERE j.kind > known.kind)
        FROM known
        WHERE known.kind IS NOT NULL
    )
    SELECT kind FROM known
    WHERE kind IS NOT NULL
"""
RENEW = """
    UPDATE jobs
    SET due_at_ms = :leased_until_ms
    WHERE id = :id AND fence = :fence AND due_at_ms > :now_ms
"""
FINISH = """
    DELETE FROM jobs
    WHERE id = :id AND fence = :fence
"""
MOVE = """
    UPDATE jobs
    SET kind = :kind, lane = :queue_key, due_at_ms = :due_at_ms
    WHERE id = :id AND fence = :fence
"""
# Without a lease, only a job that is still of the waiting kind may be changed.
FENCES = """
    SELECT id, fence FROM jobs
    WHERE id IN (:ids[]) AND kind = :kind
    /*pg: FOR UPDATE*/
"""
FINISH_WAITING = """
    DELETE FROM jobs
    WHERE id = :id AND kind = :waiting_kind
"""
MOVE_WAITING = """
    UPDATE jobs
    SET kind = :kind, lane = :queue_key, due_at_ms = :due_at_ms, fence = fence + 1
    WHERE id = :id AND kind = :waiting_kind
"""
LOCK = """
    SELECT id FROM jobs
    WHERE id IN (:ids[])
    /*pg: FOR UPDATE*/
"""
# The fence rises, so that a worker that holds the former job records nothing.
REPLACE = """
    INSERT INTO jobs (id, kind, lane, customer_id, due_at_ms, fence, created_at_ms)
    VALUES (:id, :kind, :queue_key, :customer_id, :due_at_ms, 0, :created_at_ms)
    ON CONFLICT (id) DO UPDATE
    SET kind = excluded.kind, lane = excluded.lane, due_at_ms = excluded.due_at_ms, fence = jobs.fence + 1,
        created_at_ms = excluded.created_at_ms
"""
DROP = """
    DELETE FROM jobs
    WHERE id = :id
"""
RELEASE_ALL = """
    UPDATE jobs
    SET due_at_ms = :now_ms
    WHERE kind = :kind AND fence > 0 AND due_at_ms > :now_ms AND due_at_ms <= :leased_until_ms
"""


class JobRow(NamedTuple):
    id: str
    kind: str
    queue_key: str
    customer_id: str
    due_at_ms: int
    created_at_ms: int


class MoveRow(NamedTuple):
    """Turns the job `id`, held with `fence`, into a job of this kind, due at this time."""

    kind: str
    queue_key: str
    due_at_ms: int
    id: str
    fence: int


class WaitingMoveRow(NamedTuple):
    """The same for a job without a lease that is still of `waiting_kind`."""

    kind: str
    queue_key: str
    due_at_ms: int
    id: str
    waiting_kind: str


@value_object
class Job:
    """`id` is also the id of the row that the job is for. Writes for the job must check `fence`.

    `due_at_ms` is the time at which a job from `claim` was due.
    """

    id: str
    kind: str
    customer_id: str
    fence: int
    queue_key: str = SINGLE_QUEUE
    due_at_ms: int = 0


async def enqueue(tx: Tx, rows: Sequence[tuple[str, str, str, int, int]]) -> None:
    """Rows of (id, kind, customer_id, due_at_ms, created_at_ms), for kinds with a single queue."""
    await enqueue_keyed(tx, [JobRow(row[0], row[1], SINGLE_QUEUE, *row[2:]) for row in rows])


async def enqueue_keyed(tx: Tx, rows: Sequence[JobRow]) -> None:
    await tx.execute_many(ENQUEUE, rows)


async def queue_keys(tx: Tx, kind: str, *, after: str, now_ms: int, count: int) -> list[str]:
    """Up to `count` queues with due jobs that come after the queue `after`. "" starts with the first one."""
    return [row[0] for row in await tx.fetch(QUEUE_KEYS, kind=kind, after=after, now_ms=now_ms, count=count)]


async def claim(
    tx: Tx, kind: str, *, now_ms: int, lease_ms: int, count: int, queue_key: str = SINGLE_QUEUE
) -> list[Job]:
    """Lease up to `count` due jobs of the queue, oldest first."""
    picked = await tx.fetch(PICK, kind=kind, queue_key=queue_key, now_ms=now_ms, count=count)
    due_at_ms = {row[0]: row[1] for row in picked}
    if not due_at_ms:
        return []
    rows = await tx.fetch(LEASE, ids=list(due_at_ms), leased_until_ms=now_ms + lease_ms)
    return [Job(*row, due_at_ms=due_at_ms[row[0]]) for row in rows]


async def named(tx: Tx, kind: str, ids: Sequence[str], *, now_ms: int) -> list[tuple[str, str]]:
    """(id, queue_key) of the given jobs that are due and not locked. Locks them, without a lease."""
    return [(row[0], row[1]) for row in await tx.fetch(PICK_NAMED, ids=ids, kind=kind, now_ms=now_ms)]


async def lease(tx: Tx, picked: Sequence[str], *, leased_until_ms: int) -> list[Job]:
    if not picked:
        return []
    rows = await tx.fetch(LEASE, ids=picked, leased_until_ms=leased_until_ms)
    return [Job(*row) for row in rows]


async def held(tx: Tx, leased_until_ms: Mapping[Job, int]) -> set[str]:
    """The ids of the jobs that are unchanged since we leased them. Locks them.

    An expired lease is still held until another worker claims the job.
    """
    rows = await tx.fetch(HELD, ids=[job.id for job in leased_until_ms])
    found = {row[0]: (row[1], row[2]) for row in rows}
    return {job.id for job, until_ms in leased_until_ms.items() if found.get(job.id) == (job.fence, until_ms)}


async def kinds(tx: Tx) -> list[str]:
    """The names of the kinds that have jobs."""
    return [row[0] for row in await tx.fetch(KINDS)]


async def renew(tx: Tx, jobs: Sequence[Job], *, now_ms: int, lease_ms: int) -> None:
    """Renew the leases that are not expired and still ours."""
    await tx.execute_many(RENEW, [(now_ms + lease_ms, job.id, job.fence, now_ms) for job in jobs])


async def finish(tx: Tx, jobs: Sequence[Job]) -> None:
    """Delete the jobs whose fence is still ours."""
    await tx.execute_many(FINISH, [(job.id, job.fence) for job in jobs])


async def move(tx: Tx, rows: Sequence[tuple[str, int, str, int]]) -> None:
    """Turn jobs into their successors: rows of (kind, due_at_ms, id, fence). Ends the leases."""
    await move_keyed(tx, [MoveRow(row[0], SINGLE_QUEUE, *row[1:]) for row in rows])


async def move_keyed(tx: Tx, rows: Sequence[MoveRow]) -> None:
    """The same, with a queue per job."""
    await tx.execute_many(MOVE, rows, distinct=True)


async def fences(tx: Tx, kind: str, ids: Sequence[str]) -> dict[str, int]:
    """The fences of the given jobs that are still of that kind. Locks the jobs until our commit."""
    return {row[0]: row[1] for row in await tx.fetch(FENCES, ids=ids, kind=kind)}


async def finish_waiting(tx: Tx, waiting_kind: str, ids: Sequence[str]) -> None:
    """Delete the jobs that are still of that kind, without a lease."""
    await tx.execute_many(FINISH_WAITING, [(job_id, waiting_kind) for job_id in ids])


async def move_waiting(tx: Tx, rows: Sequence[WaitingMoveRow]) -> None:
    """Turn the jobs that are still of their waiting kind into their successors, without a lease."""
    await tx.execute_many(MOVE_WAITING, rows)


async def lock(tx: Tx, ids: Sequence[str]) -> None:
    """Lock the jobs with these ids, of any kind, until our commit."""
    await tx.fetch(LOCK, ids=ids)


async def replace(tx: Tx, rows: Sequence[JobRow]) -> None:
    """Enqueue jobs in place of those with the same ids, of any kind and leased or not."""
    await tx.execute_many(REPLACE, rows)


async def drop(tx: Tx, ids: Sequence[str]) -> None:
    """Delete jobs of any kind, leased or not."""
    await tx.execute_many(DROP, [(job_id,) for job_id in ids])


async def release_all(tx: Tx, kind: str, *, now_ms: int, lease_ms: int) -> int:
    """Release all leases. Only for a process that is alone (startup on SQLite)."""
    return await tx.execute(RELEASE_ALL, kind=kind, now_ms=now_ms, leased_until_ms=now_ms + lease_ms)
