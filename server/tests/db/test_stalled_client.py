"""A process that stops in the middle of a command must not keep its locks on PostgreSQL for ever."""

import asyncio
import struct
from collections.abc import Mapping
from urllib.parse import urlsplit

import asyncpg
import pytest

from harness.postgres import Postgres
from sent_server.db import migrate, open_database, stalled
from sent_server.db.postgres import APPLICATION, SESSION, STALLED_AFTER_MS, PostgresDatabase

ADD = "INSERT INTO counters (customer_id, name, total) VALUES ('c', 'n', 1)"
CHANGE = "UPDATE counters SET total = total + 1 WHERE customer_id = 'c'"


def message(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return kind + struct.pack("!i", len(body) + 4) + body


class Client:
    """Just enough of the protocol to stop between an Execute and its Sync, where asyncpg can be stopped, too."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, url: str, settings: Mapping[str, str]) -> "Client":
        parts = urlsplit(url)
        client = cls(*await asyncio.open_connection(parts.hostname, parts.port or 5432))
        options = {"user": parts.username or "postgres", "database": parts.path[1:], **settings}
        pairs = b"".join(f"{name}\0{value}\0".encode() for name, value in options.items())
        client.writer.write(message(b"", struct.pack("!i", 196608), pairs, b"\0"))
        await client.until(b"Z")
        return client

    async def until(self, kind: bytes) -> bytes:
        """The body of the next message of this kind. Fails on an error of the server."""
        while True:
            found, length = struct.unpack("!ci", await self.reader.readexactly(5))
            body = await self.reader.readexactly(length - 4)
            if found == kind:
                return body
            assert found != b"E", body

    async def until_error(self) -> bytes:
        while True:
            found, length = struct.unpack("!ci", await self.reader.readexactly(5))
            body = await self.reader.readexactly(length - 4)
            if found == b"E":
                return body

    async def begin_and_execute_without_sync(self, sql: str) -> None:
        self.writer.write(message(b"Q", b"BEGIN\0"))
        await self.until(b"Z")
        parse = message(b"P", b"\0", sql.encode(), b"\0", struct.pack("!h", 0))
        bind = message(b"B", b"\0\0", struct.pack("!hhh", 0, 0, 0))
        self.writer.write(parse + bind + message(b"E", b"\0", struct.pack("!i", 0)) + message(b"H"))
        await self.until(b"C")


@pytest.fixture
def postgres_url(postgres_server: Postgres | None) -> str:
    if postgres_server is None:
        pytest.skip("there is no PostgreSQL")
    return postgres_server.create_database()


def test_another_process_ends_a_session_that_stopped_within_a_command(postgres_url: str) -> None:
    """PostgreSQL itself leaves the row locked; a process of ours releases it after `STALLED_AFTER_MS`."""

    async def main() -> None:
        database = await open_database(postgres_url)
        await migrate.apply(database)
        await database.write(lambda tx: tx.execute(ADD))
        await database.close()
        stopped = await Client.connect(postgres_url, SESSION)
        await stopped.begin_and_execute_without_sync(CHANGE)
        other = await asyncpg.connect(postgres_url, timeout=60)
        try:
            with pytest.raises(TimeoutError):
                await other.execute(CHANGE, timeout=STALLED_AFTER_MS / 1_000 + 3)
            database = await open_database(postgres_url)
            await database.write(lambda tx: tx.execute(CHANGE))
            total = await database.read(lambda tx: tx.fetch("SELECT total FROM counters"))
            assert total[0][0] == 2, "the change of the stopped session was undone"
            assert b"57P01" in await stopped.until_error()
            await database.close()
        finally:
            stopped.writer.close()
            await other.close()

    asyncio.run(main())


def test_a_session_that_waits_for_its_server_or_rests_is_left_alone(postgres_url: str) -> None:
    async def main() -> None:
        busy = await asyncpg.connect(postgres_url, timeout=60, server_settings=SESSION)
        resting = await asyncpg.connect(postgres_url, timeout=60, server_settings=SESSION)
        foreign = await Client.connect(postgres_url, {"application_name": "somebody"})
        await foreign.begin_and_execute_without_sync("SELECT 1")
        database = await open_database(postgres_url)
        assert isinstance(database, PostgresDatabase)
        slow = asyncio.create_task(busy.execute("SELECT pg_sleep(2)"))
        await asyncio.sleep(1)
        watcher = await asyncpg.connect(postgres_url, timeout=60)
        try:
            assert await stalled.terminate(watcher, APPLICATION, 500) == 0
            assert await stalled.terminate(watcher, "somebody", 500) == 1
            await slow
            assert await resting.fetchval("SELECT 1") == 1
        finally:
            foreign.writer.close()
            for connection in (busy, resting, watcher):
                await connection.close()
            await database.close()

    asyncio.run(main())
