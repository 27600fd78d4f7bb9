"""Tables that got other names: rows stay, and on PostgreSQL the release before goes on beside the new one."""

import asyncio

import pytest

from sent_server.db import Database, SchemaTooNewError, Tx, metadata, migrate, open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.jobs import lease_store

BEFORE = 15
# The statements of the release before, as it wrote them.
TAKE = """
    INSERT INTO network_leases (name, holder, until_ms)
    VALUES (:name, :holder, :until_ms)
    ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, until_ms = excluded.until_ms
    WHERE network_leases.holder = excluded.holder OR network_leases.until_ms <= :now_ms
"""
HELD = """
    SELECT name FROM network_leases
    WHERE name IN (:names[]) AND holder = :holder
"""
LAY_DOWN = """
    DELETE FROM network_leases
    WHERE name = :name AND holder = :holder
"""
PUT_FIRST = """
    INSERT INTO settings_kept (name, content)
    VALUES (:name, :content)
    ON CONFLICT (name) DO NOTHING
"""
READ = """
    SELECT content FROM settings_kept
    WHERE name = :name
"""
HOLD = """
    INSERT INTO settings_kept (name, content)
    VALUES (:name, '0')
    ON CONFLICT (name) DO UPDATE
    SET content = settings_kept.content
"""
ADVANCE = """
    INSERT INTO settings_kept (name, content)
    VALUES (:name, :advance_ms)
    ON CONFLICT (name) DO UPDATE
    SET content = CAST(CAST(settings_kept.content AS BIGINT) + CAST(excluded.content AS BIGINT) AS TEXT)
    RETURNING content
"""


async def _migrate_to(
    database: SqliteDatabase | PostgresDatabase, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [one for one in migrate.known() if one.version <= version]
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "known", lambda: known)
        await migrate.apply(database)


async def _old_take(database: Database, name: str, holder: str, *, now_ms: int) -> bool:
    async def take(tx: Tx) -> bool:
        await tx.execute_many(TAKE, [(name, holder, now_ms + 100, now_ms)])
        return bool(await tx.fetch(HELD, names=[name], holder=holder))

    return await database.write(take)


async def _new_take(database: Database, name: str, holder: str, *, now_ms: int) -> bool:
    return bool(await database.write(lambda tx: lease_store.take(tx, holder, [name], now_ms=now_ms, lease_ms=100)))


async def _old_advance(database: Database, advance_ms: int) -> int:
    async def advance(tx: Tx) -> int:
        await tx.execute(HOLD, name="clock")
        return int((await tx.fetch(ADVANCE, name="clock", advance_ms=str(advance_ms)))[0][0])

    return await database.write(advance)


async def _as_the_release_before_left_it(database: Database) -> None:
    assert await _old_take(database, "housekeeping", "a", now_ms=1_000)
    assert await _old_advance(database, 500) == 500
    await database.write(lambda tx: tx.execute(PUT_FIRST, name="id", content="first"))


def test_rows_are_there_under_the_new_names(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        database = await open_database(empty_database_url)
        try:
            await _migrate_to(database, BEFORE, monkeypatch)
            await _as_the_release_before_left_it(database)
            await _migrate_to(database, BEFORE + 1, monkeypatch)
            assert not await _new_take(database, "housekeeping", "b", now_ms=1_050)
            assert await _new_take(database, "housekeeping", "b", now_ms=1_100)
            assert await database.read(lambda tx: metadata.read(tx, "id")) == "first"
            assert await database.write(lambda tx: metadata.add(tx, "clock", 250)) == 750
        finally:
            await database.close()

    asyncio.run(main())


def test_a_process_of_the_release_before_goes_on_with_the_same_rows(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its statements are prepared already when the migration comes."""
    if empty_database_url.startswith("sqlite"):
        return  # has one process

    async def main() -> None:
        old, new = await open_database(empty_database_url), await open_database(empty_database_url)
        try:
            await _migrate_to(new, BEFORE, monkeypatch)
            await _as_the_release_before_left_it(old)
            await _migrate_to(new, BEFORE + 1, monkeypatch)
            # Each sees the leases of the other, and the clock is one.
            assert await _old_take(old, "housekeeping", "a", now_ms=1_090)
            assert not await _new_take(new, "housekeeping", "b", now_ms=1_150)
            assert await _new_take(new, "webhooks/1", "b", now_ms=1_150)
            assert not await _old_take(old, "webhooks/1", "a", now_ms=1_200)
            await old.write(lambda tx: tx.execute_many(LAY_DOWN, [("housekeeping", "a")]))
            assert await _new_take(new, "housekeeping", "b", now_ms=1_150)
            assert await new.write(lambda tx: metadata.add(tx, "clock", 250)) == 750
            assert await _old_advance(old, 250) == 1_000
            await old.write(lambda tx: tx.execute(PUT_FIRST, name="id", content="second"))
            assert [tuple(row) for row in await old.read(lambda tx: tx.fetch(READ, name="id"))] == [("first",)]
        finally:
            await old.close()
            await new.close()

    asyncio.run(main())


def test_the_release_before_may_use_the_schema_on_postgres_alone(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        database = await open_database(empty_database_url)
        try:
            await _migrate_to(database, BEFORE + 1, monkeypatch)
            monkeypatch.setattr(migrate, "_newest", lambda: BEFORE)
            if empty_database_url.startswith("sqlite"):
                with pytest.raises(SchemaTooNewError, match="16"):
                    await database.read(migrate.usable)
            else:
                assert BEFORE + 1 in await database.read(migrate.usable)
        finally:
            await database.close()

    asyncio.run(main())
