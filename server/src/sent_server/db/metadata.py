"""Named values of the installation itself: its id, the offset of its clock, the proof of its master key."""

from sent_server.db.database import Tx, fetch_one

READ = """
    SELECT content FROM settings_kept
    WHERE name = :name
"""
PUT_FIRST = """
    INSERT INTO settings_kept (name, content)
    VALUES (:name, :content)
    ON CONFLICT (name) DO NOTHING
"""


async def read(tx: Tx, name: str) -> str | None:
    row = await fetch_one(tx, READ, name=name)
    return row[0] if row else None


async def put_first(tx: Tx, name: str, content: str) -> None:
    """Whoever comes first decides; read it back afterwards."""
    await tx.execute(PUT_FIRST, name=name, content=content)
