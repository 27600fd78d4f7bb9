"""Migrations: repeatable, in order, and never over the data of a newer release."""

import asyncio
import os
import stat
import threading
from pathlib import Path

import apsw
import asyncpg
import pytest

from harness import database
from harness import server as servers
from harness.backends import Backend
from harness.server import OwnServer, ServerStartError
from sent_server.db import SchemaTooNewError, StorageUnavailableError, migrate, open_database


async def _migrate(url: str) -> list[str]:
    database = await open_database(url)
    try:
        return [item.name for item in await migrate.apply(database)]
    finally:
        await database.close()


def _execute(url: str, sql: str) -> None:
    if url.startswith("sqlite"):
        with apsw.Connection(url.removeprefix("sqlite:///")) as connection:
            connection.execute(sql).fetchall()
        connection.close()
        return

    async def run() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(sql)
        await connection.close()

    asyncio.run(run())


def test_a_second_migration_finds_nothing_to_do(empty_database_url: str) -> None:
    assert asyncio.run(_migrate(empty_database_url)) == [item.name for item in migrate.known()]
    before = database.snapshot(empty_database_url)
    assert asyncio.run(_migrate(empty_database_url)) == []
    assert database.snapshot(empty_database_url) == before


def test_every_version_has_a_number_of_its_own() -> None:
    versions = [item.version for item in migrate.known()]
    assert versions == sorted(set(versions))


def test_a_version_that_was_left_out_is_applied_later(empty_database_url: str) -> None:
    asyncio.run(_migrate(empty_database_url))
    before = database.snapshot(empty_database_url)
    last = migrate.known()[-1]
    _execute(empty_database_url, "INSERT INTO schema_info VALUES (9999, 1)")
    _execute(empty_database_url, f"DELETE FROM schema_info WHERE version = {last.version}")

    async def waiting() -> list[str]:
        database = await open_database(empty_database_url)
        try:
            return [item.name for item in await migrate.pending(database)]
        finally:
            await database.close()

    assert asyncio.run(waiting()) == [last.name]
    assert set(before) == set(database.snapshot(empty_database_url))


def test_a_newer_schema_that_excludes_this_release_is_refused_untouched(empty_database_url: str) -> None:
    asyncio.run(_migrate(empty_database_url))
    _execute(empty_database_url, "INSERT INTO schema_info VALUES (9999, 9999)")
    before = database.snapshot(empty_database_url)
    with pytest.raises(SchemaTooNewError, match="9999"):
        asyncio.run(_migrate(empty_database_url))
    assert database.snapshot(empty_database_url) == before


def test_a_newer_schema_that_still_admits_this_release_is_used(empty_database_url: str) -> None:
    asyncio.run(_migrate(empty_database_url))
    _execute(empty_database_url, "INSERT INTO schema_info VALUES (9999, 1)")
    assert asyncio.run(_migrate(empty_database_url)) == []


def test_both_engines_have_the_same_tables_and_columns(backend: Backend, tmp_path: Path) -> None:
    if backend.name == "sqlite":
        assert migrate.known(), "compared on the other engine"
        return
    ours, other = backend.empty_url(), f"sqlite:///{tmp_path / 'other.db'}"
    asyncio.run(_migrate(ours))
    asyncio.run(_migrate(other))
    assert database.names(ours) == database.names(other)
    for name in database.names(ours):
        select = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{name}'"
        there = {row[0] for row in database.rows(ours, select)}
        here = {row[0] for row in database.rows(other, f"SELECT name FROM pragma_table_info('{name}')")}
        assert there == here, name


def test_a_server_refuses_a_too_new_schema_in_one_clear_line(backend: Backend) -> None:
    home = backend.new_home()
    url = backend.url_for(home)
    asyncio.run(_migrate(url))
    _execute(url, "INSERT INTO schema_info VALUES (9999, 9999)")
    with pytest.raises(ServerStartError) as refused:
        servers.start(home, backend.name, database_url=url)
    assert "9999" in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_a_locked_database_file_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    """Only SQLite knows this; another program holds the write lock for longer than anyone waits."""
    url = f"sqlite:///{tmp_path / 'sent.db'}"
    asyncio.run(_migrate(url))
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        connection = apsw.Connection(str(tmp_path / "sent.db"))
        connection.execute("BEGIN IMMEDIATE")
        locked.set()
        done.wait(30)
        connection.execute("ROLLBACK")
        connection.close()

    async def write() -> None:
        database = await open_database(url)
        put = "INSERT INTO installation_metadata (name, content) VALUES (:name, :content)"
        try:
            with pytest.raises(StorageUnavailableError, match="locked"):
                await database.write(lambda tx: tx.execute(put, name="a", content="x"))
            done.set()
            thread.join()
            await database.write(lambda tx: tx.execute(put, name="b", content="x"))
        finally:
            await database.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(10)
    asyncio.run(write())
    assert database.rows(url, "SELECT name FROM installation_metadata") == [("b",)]


def test_a_file_that_is_not_a_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "sent.db").write_bytes(b"this is not a database, but it is long enough to look at" * 100)
    with pytest.raises(StorageUnavailableError, match="damaged or not SQLite"):
        asyncio.run(_migrate(f"sqlite:///{tmp_path / 'sent.db'}"))


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "redis://x"])
def test_a_database_of_another_kind_is_told(url: str) -> None:
    with pytest.raises(StorageUnavailableError, match="SENT_DATABASE_URL"):
        asyncio.run(open_database(url))


def test_a_postgres_that_is_not_there_is_told() -> None:
    with pytest.raises(StorageUnavailableError, match="cannot connect to PostgreSQL"):
        asyncio.run(open_database("postgresql://postgres@127.0.0.1:1/nothing"))


def test_secrets_on_disk_are_the_owners_alone(own_server: OwnServer) -> None:
    running = own_server()
    for name in ("demo.json", "master.key", "sent.db", "admin.sock"):
        path = running.home / name
        if path.exists():
            mode = stat.S_IMODE(os.stat(path).st_mode)
            assert mode & 0o077 == 0 or name == "sent.db", f"{name} has mode {mode:o}"
