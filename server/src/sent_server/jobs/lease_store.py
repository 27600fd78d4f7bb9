"""The SQL of leases on names (see leases.py)."""

from collections.abc import Collection
from typing import NamedTuple

from sent_server.db import Tx

TAKE = """
    INSERT INTO leases (name, holder, until_ms)
    VALUES (:name, :holder, :until_ms)
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, until_ms = excluded.until_ms
    WHERE leases.holder = excluded.holder OR leases.until_ms <= :now_ms
"""
HELD = """
    SELECT name FROM leases
    WHERE name IN (:names[]) AND holder = :holder
"""
RUN_OUT = """
    SELECT name FROM leases
    WHERE until_ms <= :now_ms AND name LIKE :pattern
    ORDER BY name
    LIMIT 500
"""
LAY_DOWN = """
    DELETE FROM leases
    WHERE name = :name AND holder = :holder
"""
DROP_ALL = """
    DELETE FROM leases
"""


class LeaseRow(NamedTuple):
    """`now_ms` decides whether the lease of another holder has expired."""

    name: str
    holder: str
    until_ms: int
    now_ms: int


async def take(tx: Tx, holder: str, names: Collection[str], *, now_ms: int, lease_ms: int) -> set[str]:
    """Take or renew leases. Returns the names whose lease is ours now."""
    # Sorted, so that all processes lock rows in the same order.
    await tx.execute_many(TAKE, [LeaseRow(name, holder, now_ms + lease_ms, now_ms) for name in sorted(names)])
    return {row[0] for row in await tx.fetch(HELD, names=sorted(names), holder=holder)}


async def run_out(tx: Tx, prefix: str, *, now_ms: int) -> list[str]:
    """Names whose lease has expired without a release: the holder is gone."""
    return [row[0] for row in await tx.fetch(RUN_OUT, pattern=f"{prefix}%", now_ms=now_ms)]


async def release(tx: Tx, holder: str, names: Collection[str]) -> None:
    await tx.execute_many(LAY_DOWN, [(name, holder) for name in sorted(names)])


async def drop_all(tx: Tx) -> int:
    """Only for a process that is alone (startup on SQLite)."""
    return await tx.execute(DROP_ALL)
