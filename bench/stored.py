"""Looks into a database that a server is using, without writing, and makes databases of a benchmark's own."""

# asyncpg ships no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import contextlib
import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import apsw
import asyncpg  # pyright: ignore[reportMissingTypeStubs]

# Each answers 0 when nothing of its kind is left to do; cheapest first.
_LEFT = (
    "SELECT COUNT(*) FROM jobs WHERE kind LIKE 'dispatch:%' OR kind = 'receipt_timeout'",
    "SELECT COUNT(*) FROM fan_outs",
    "SELECT COUNT(*) FROM deliveries WHERE due_at_ms IS NOT NULL",
    "SELECT COUNT(*) FROM messages WHERE status NOT IN ('DELIVERED', 'READ', 'FAILED')",
)


def is_settled(home: Path, database: str) -> bool:
    """Every message has its last status, and every webhook that was due was sent and recorded."""
    return not any(query(home, database, sql)[0][0] for sql in _LEFT)


@contextlib.contextmanager
def fresh_database(server_url: str, name: str) -> Generator[str]:
    """An empty PostgreSQL database beside the one that `server_url` names; "" (SQLite in the home) stays ""."""
    if not server_url:
        yield ""
        return
    name = f"sent_bench_{os.getpid()}_{name}"
    _administer(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        _administer(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def query(home: Path, database: str, sql: str) -> list[Sequence[Any]]:
    """Rows of one SELECT that runs on both engines."""
    if database:
        return asyncio.run(_query_postgres(database, sql))
    # Read-only, by the library that the server itself uses: a second writer or checkpointer must never exist.
    connection = apsw.Connection(str(home / "sent.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(5_000)
        return list(connection.execute(sql))
    finally:
        connection.close()


async def _query_postgres(url: str, sql: str) -> list[Sequence[Any]]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def _administer(url: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())
