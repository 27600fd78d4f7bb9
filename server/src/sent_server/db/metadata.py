"""Key-value metadata of the installation: its id, the offset of its clock, the proof of its master key."""

from sent_server.db.database import Tx, fetch_one

READ = """
    SELECT content FROM installation_metadata
    WHERE name = :name
"""
PUT_FIRST = """
    INSERT INTO installation_metadata (name, content)
    VALUES (:name, :content)
    ON CONFLICT (name) DO NOTHING
"""
# Locks the row (on PostgreSQL) until the end of the transaction, and creates it if it is missing.
LOCK_NUMBER = """
    INSERT INTO installation_metadata (name, content)
    VALUES (:name, '0')
    ON CONFLICT (name) DO UPDATE
    SET content = installation_metadata.content
"""
ADD = """
    INSERT INTO installation_metadata (name, content)
    VALUES (:name, :more)
    ON CONFLICT (name) DO UPDATE
    SET content = CAST(CAST(installation_metadata.content AS BIGINT) + CAST(excluded.content AS BIGINT) AS TEXT)
    RETURNING content
"""


async def read(tx: Tx, name: str) -> str | None:
    row = await fetch_one(tx, READ, name=name)
    return row[0] if row else None


async def put_first(tx: Tx, name: str, content: str) -> None:
    """Write the value unless there is one. The first writer wins, so read the value afterwards."""
    await tx.execute(PUT_FIRST, name=name, content=content)


async def lock_number(tx: Tx, name: str) -> None:
    """Lock a number against changes until our commit."""
    await tx.execute(LOCK_NUMBER, name=name)


async def add(tx: Tx, name: str, more: int) -> int:
    """Returns the new number. A missing one counts as 0."""
    rows = await tx.fetch(ADD, name=name, more=str(more))
    return int(rows[0][0])
