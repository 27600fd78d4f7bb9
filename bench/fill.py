"""Multiplies what one run of the engine left in a database, set by set, to stand for months of use.

Every row of the tables below is copied `copies` times under new ids; a copy of a message belongs to the copy of its
contact, its request and its idempotency key. Ledger balances stay as they were: nothing here spends money. The server
must not be running.
"""

# asyncpg ships no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
from dataclasses import dataclass
from pathlib import Path

import apsw
import asyncpg  # pyright: ignore[reportMissingTypeStubs]

# How a column of a copy differs from the original: ids give up their version digit and their last four hex digits (the
# other 58 random bits still distinguish the originals), texts get a suffix, phones move on by a thousand numbers.
ID, TEXT, PHONE = "id", "text", "phone"
TABLES: dict[str, dict[str, str]] = {
    "contacts": {"id": ID, "phone": PHONE},
    "batches": {"id": ID},
    "messages": {"id": ID, "batch_id": ID, "contact_id": ID, "phone": PHONE},
    "message_events": {"message_id": ID},
    "attempts": {"message_id": ID, "ref": TEXT},
    "carrier_refs": {"message_id": ID, "ref": TEXT},
    "receipts": {"event_id": TEXT, "ref": TEXT},
    "ledger_entries": {"ref": ID},
    "idempotency_keys": {"idempotency_key": TEXT},
}
# Rows that are not about the messages to be copied.
ONLY = {
    "ledger_entries": "kind <> 'top_up'",
    "contacts": "phone LIKE '+14152%'",
    "messages": "phone LIKE '+14152%'",
}
COPY = """
    INSERT INTO {table} ({columns})
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})
    SELECT {values}
    FROM (SELECT * FROM {table} WHERE {only} ORDER BY {order}) AS original
    CROSS JOIN numbers
"""
COUNT_CONTACTS = "UPDATE counters SET total = (SELECT COUNT(*) FROM contacts) WHERE name = 'contacts'"


@dataclass(frozen=True, slots=True)
class Dialect:
    four_hex_digits: str
    columns: str


SQLITE = Dialect("printf('%04x', n)", "SELECT name FROM pragma_table_info('{table}')")
POSTGRES = Dialect(
    "lpad(to_hex(n), 4, '0')",
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'",
)


def multiply(home: Path, database: str, copies: int) -> None:
    """Leaves `copies` + 1 times as many messages."""
    if database:
        asyncio.run(_multiply_postgres(database, copies))
    else:
        _multiply_sqlite(home / "sent.db", copies)


def _multiply_sqlite(file: Path, copies: int) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -262144")
    for table in TABLES:
        columns = [str(row[0]) for row in connection.execute(SQLITE.columns.format(table=table))]
        with connection:
            connection.execute(_copy(table, columns, copies, SQLITE))
    connection.execute(COUNT_CONTACTS)
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def _multiply_postgres(url: str, copies: int) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        await connection.execute("SET synchronous_commit = off")
        for table in TABLES:
            rows = await connection.fetch(POSTGRES.columns.format(table=table))
            await connection.execute(_copy(table, [row[0] for row in rows], copies, POSTGRES), timeout=300)
        await connection.execute(COUNT_CONTACTS)
        await connection.execute("VACUUM ANALYZE", timeout=300)
        await connection.execute("CHECKPOINT", timeout=300)
    finally:
        await connection.close()


def _copy(table: str, columns: list[str], copies: int, dialect: Dialect) -> str:
    changed = TABLES[table]
    missing = set(changed) - set(columns)
    if missing:
        raise RuntimeError(f"the table {table} has no {sorted(missing)}; bench/fill.py must follow the schema")
    return COPY.format(
        table=table,
        columns=", ".join(columns),
        copies=copies,
        values=", ".join(_value(column, changed.get(column), dialect) for column in columns),
        only=ONLY.get(table, "1 = 1"),
        order=next(iter(changed)),
    )


def _value(column: str, change: str | None, dialect: Dialect) -> str:
    match change:
        case "id":
            kept = f"substr(original.{column}, 1, 14) || '8' || substr(original.{column}, 16, 17)"
            return f"{kept} || {dialect.four_hex_digits}"
        case "text":
            return f"original.{column} || '-' || CAST(n AS TEXT)"
        case "phone":
            return f"'+' || CAST(CAST(substr(original.{column}, 2) AS BIGINT) + n * 1000 AS TEXT)"
        case _:
            return f"original.{column}"
