"""Looks into a running server's database from outside: what a test must not take the API's word for."""

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Any

import apsw
import asyncpg

from harness.waiting import wait_for

Row = tuple[Any, ...]
# Says which process is there, and changes while nothing happens.
PRESENCE = frozenset({"leases"})


def rows(url: str, sql: str) -> list[Row]:
    """Run one SELECT (without parameters) over committed data."""
    return _sqlite(url, [sql])[0] if url.startswith("sqlite") else asyncio.run(_postgres(url, [sql]))[0]


def change(url: str, sql: str) -> None:
    """Make the database as another release, a fault or an operator would have left it."""
    if url.startswith("sqlite"):
        connection = apsw.Connection(url.removeprefix("sqlite:///"))
        connection.set_busy_timeout(20_000)  # its server may be running
        connection.execute(sql)
        connection.close()
        return

    async def run() -> None:
        connection = await asyncpg.connect(url, timeout=60)
        await connection.execute(sql)
        await connection.close()

    asyncio.run(run())


def names(url: str) -> list[str]:
    if url.startswith("sqlite"):
        found = rows(url, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    else:
        found = rows(
            url,
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
        )
    return sorted(row[0] for row in found)


def snapshot(url: str, *, without: Iterable[str] = ()) -> dict[str, tuple[int, str]]:
    """Per table the number of rows and a digest of their content."""
    tables = [name for name in names(url) if name not in PRESENCE.union(without)]
    queries = [f"SELECT * FROM {name}" for name in tables]
    results = _sqlite(url, queries) if url.startswith("sqlite") else asyncio.run(_postgres(url, queries))
    return {
        name: (len(found), hashlib.sha256("\n".join(sorted(map(repr, found))).encode()).hexdigest()[:16])
        for name, found in zip(tables, results, strict=True)
    }


def quiet(url: str, *, without: Iterable[str] = (), timeout_s: float = 20.0) -> dict[str, tuple[int, str]]:
    """A snapshot that did not change for 1.5 s, longer than a handset takes to read: nothing is left to do."""
    seen: list[dict[str, tuple[int, str]]] = []

    def settled() -> dict[str, tuple[int, str]] | None:
        seen.append(snapshot(url, without=without))
        return seen[-1] if len(seen) > 3 and all(one == seen[-1] for one in seen[-4:]) else None

    found = wait_for(settled, timeout_s, every_s=0.5, what="a quiet database")
    assert found is not None
    return found


def _sqlite(url: str, queries: list[str]) -> list[list[Row]]:
    connection = apsw.Connection(url.removeprefix("sqlite:///"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(5_000)
        connection.execute("BEGIN")  # one state of the data for all queries
        return [connection.execute(sql).fetchall() for sql in queries]
    finally:
        connection.close()


async def _postgres(url: str, queries: list[str]) -> list[list[Row]]:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return [[tuple(row) for row in await connection.fetch(sql)] for sql in queries]
    finally:
        await connection.close()
