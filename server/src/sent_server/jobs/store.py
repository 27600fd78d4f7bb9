"""The job table. Every function works on sets."""

from collections.abc import Sequence
from dataclasses import dataclass

from sent_server.db import Tx

ENQUEUE = """
    INSERT INTO jobs (id, kind, customer_id, due_at_ms, fence, created_at_ms)
    VALUES (:id, :kind, :customer_id, :due_at_ms, 0, :created_at_ms)
"""
# Picked and leased in two statements: as one, PostgreSQL may run the inner select again and lease more than asked.
PICK = """
    SELECT id FROM jobs
    WHERE kind = :kind AND due_at_ms <= :now_ms
    ORDER BY due_at_ms
    LIMIT :count
    /*pg: FOR UPDATE SKIP LOCKED*/
"""
LEASE = """
    UPDATE jobs
    SET due_at_ms = :leased_until_ms, fence = fence + 1
    WHERE id IN (:ids[])
    RETURNING id, kind, customer_id, fence
"""
FINISH = """
    DELETE FROM jobs
    WHERE id = :id AND fence = :fence
"""
MOVE = """
    UPDATE jobs
    SET kind = :kind, due_at_ms = :due_at_ms
    WHERE id = :id AND fence = :fence
"""
RELEASE_ALL = """
    UPDATE jobs
    SET due_at_ms = :now_ms
    WHERE kind = :kind AND fence > 0 AND due_at_ms > :now_ms AND due_at_ms <= :leased_until_ms
"""


@dataclass(frozen=True, slots=True)
class Job:
    """`id` is also the id of the row the job is about. Writes on its behalf must carry `fence`."""

    id: str
    kind: str
    customer_id: str
    fence: int


async def enqueue(tx: Tx, rows: Sequence[tuple[str, str, str, int, int]]) -> None:
    """Rows of (id, kind, customer_id, due_at_ms, created_at_ms)."""
    await tx.execute_many(ENQUEUE, rows)


async def claim(tx: Tx, kind: str, *, now_ms: int, lease_ms: int, count: int) -> list[Job]:
    """Lease up to `count` due jobs, the longest due first."""
    picked = [row[0] for row in await tx.fetch(PICK, kind=kind, now_ms=now_ms, count=count)]
    if not picked:
        return []
    rows = await tx.fetch(LEASE, ids=picked, leased_until_ms=now_ms + lease_ms)
    return [Job(*row) for row in rows]


async def finish(tx: Tx, jobs: Sequence[Job]) -> None:
    """Delete those whose fence is still ours."""
    await tx.execute_many(FINISH, [(job.id, job.fence) for job in jobs])


async def move(tx: Tx, rows: Sequence[tuple[str, int, str, int]]) -> None:
    """Turn jobs into their successor: rows of (kind, due_at_ms, id, fence). Ends the lease."""
    await tx.execute_many(MOVE, rows)


async def release_all(tx: Tx, kind: str, *, now_ms: int, lease_ms: int) -> int:
    """Give back every lease; only for a process that knows it is alone (start-up on SQLite)."""
    return await tx.execute(RELEASE_ALL, kind=kind, now_ms=now_ms, leased_until_ms=now_ms + lease_ms)
