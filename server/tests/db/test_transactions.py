"""What a `Tx` promises, on both engines alike."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest

from sent_server.db import Tx, migrate, open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase

Database = SqliteDatabase | PostgresDatabase
T = TypeVar("T")

PUT = "INSERT INTO installation_metadata (name, content) VALUES (:name, :content)"
NAMES = "SELECT name FROM installation_metadata ORDER BY name"
COUNT_NAMED = "SELECT COUNT(*) FROM installation_metadata WHERE name IN (:names[])"
ADD = "INSERT INTO counters (customer_id, name, total) VALUES (:customer_id, :name, :total)"
IN_TOTALS = "SELECT name FROM counters WHERE customer_id = :customer_id AND total IN (:totals[int]) ORDER BY name"


def run(url: str, fn: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database, migrated, and run `fn` over it."""

    async def main() -> T:
        database = await open_database(url)
        try:
            await migrate.apply(database)
            return await fn(database)
        finally:
            await database.close()

    return asyncio.run(main())


async def names(database: Database) -> list[str]:
    rows = await database.read(lambda tx: tx.fetch(NAMES))
    return [row[0] for row in rows]


async def put(tx: Tx, name: str) -> None:
    await tx.execute(PUT, name=name, content="x")


def test_a_write_is_there_after_it_returned(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        await database.write(lambda tx: put(tx, "a"))
        return await names(database)

    assert run(database_url, act) == ["a"]


def test_an_exception_leaves_nothing_behind_and_reaches_the_caller(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        async def fail(tx: Tx) -> None:
            await put(tx, "a")
            raise RuntimeError("planned")

        with pytest.raises(RuntimeError, match="planned"):
            await database.write(fail)
        return await names(database)

    assert run(database_url, act) == []


def test_a_savepoint_undoes_only_what_happened_inside(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        async def half(tx: Tx) -> None:
            await put(tx, "before")
            with pytest.raises(RuntimeError):
                async with tx.savepoint():
                    await put(tx, "inside")
                    raise RuntimeError
            await put(tx, "after")

        await database.write(half)
        return await names(database)

    assert run(database_url, act) == ["after", "before"]


def test_savepoints_nest(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        async def nested(tx: Tx) -> None:
            async with tx.savepoint():
                await put(tx, "outer")
                with pytest.raises(RuntimeError):
                    async with tx.savepoint():
                        await put(tx, "inner")
                        raise RuntimeError
                await put(tx, "outer again")

        await database.write(nested)
        return await names(database)

    assert run(database_url, act) == ["outer", "outer again"]


def test_a_constraint_broken_inside_a_savepoint_leaves_the_transaction_usable(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        async def twice(tx: Tx) -> None:
            await put(tx, "a")
            with pytest.raises(Exception, match=r"(?i)unique"):
                async with tx.savepoint():
                    await put(tx, "a")
            await put(tx, "b")

        await database.write(twice)
        return await names(database)

    assert run(database_url, act) == ["a", "b"]


def test_hooks_run_after_the_commit_and_only_then(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        said: list[str] = []

        async def good(tx: Tx) -> None:
            tx.after_commit(lambda: said.append("committed"))
            await put(tx, "a")
            assert said == []

        async def undone(tx: Tx) -> None:
            with pytest.raises(RuntimeError):
                async with tx.savepoint():
                    tx.after_commit(lambda: said.append("from an undone savepoint"))
                    raise RuntimeError

        async def bad(tx: Tx) -> None:
            tx.after_commit(lambda: said.append("from a failed write"))
            raise RuntimeError

        await database.write(good)
        await database.write(undone)
        with pytest.raises(RuntimeError):
            await database.write(bad)
        return said

    assert run(database_url, act) == ["committed"]


def test_one_bad_write_does_not_fail_its_neighbours(database_url: str) -> None:
    async def act(database: Database) -> tuple[list[str], list[bool]]:
        async def one(tx: Tx, number: int) -> None:
            await put(tx, f"{number:02}")
            if number % 3 == 0:
                raise RuntimeError(number)

        writes = [database.write(lambda tx, n=number: one(tx, n)) for number in range(20)]
        done = await asyncio.gather(*writes, return_exceptions=True)
        return await names(database), [isinstance(result, RuntimeError) for result in done]

    stored, failed = run(database_url, act)
    assert stored == [f"{number:02}" for number in range(20) if number % 3]
    assert failed == [number % 3 == 0 for number in range(20)]


def test_batched_commands_get_their_own_results_in_order(database_url: str) -> None:
    async def act(database: Database) -> tuple[list[str], int]:
        calls = 0

        async def store(tx: Tx, commands: Sequence[str]) -> list[str]:
            nonlocal calls
            calls += 1
            await tx.execute_many(PUT, [(name, "x") for name in commands])
            return [name.upper() for name in commands]

        results = await asyncio.gather(*[database.write_batched(store, f"n{number:02}") for number in range(50)])
        assert await names(database) == [f"n{number:02}" for number in range(50)]
        return list(results), calls

    results, calls = run(database_url, act)
    assert results == [f"N{number:02}" for number in range(50)]
    assert calls < 50, "nothing was grouped"


def test_one_bad_command_of_a_batch_does_not_fail_the_others(database_url: str) -> None:
    async def act(database: Database) -> tuple[list[str], list[object]]:
        async def store(tx: Tx, commands: Sequence[str]) -> list[str]:
            await tx.execute_many(PUT, [(name, "x") for name in commands])
            if "bad" in commands:
                raise RuntimeError("planned")
            return list(commands)

        wanted = ["a", "b", "bad", "c"]
        done = await asyncio.gather(*[database.write_batched(store, name) for name in wanted], return_exceptions=True)
        return await names(database), list(done)

    stored, done = run(database_url, act)
    assert stored == ["a", "b", "c"]
    assert [done[0], done[1], done[3]] == ["a", "b", "c"]
    assert isinstance(done[2], RuntimeError)


def test_lists_of_text_and_of_numbers_are_one_parameter(database_url: str) -> None:
    async def act(database: Database) -> tuple[int, int, list[str]]:
        async def fill(tx: Tx) -> None:
            await tx.execute_many(PUT, [(name, "x") for name in ("a", "b", 'q"uote', "d")])
            await tx.execute_many(ADD, [("c1", "one", 1), ("c1", "big", 2**62), ("c1", "three", 3), ("c2", "x", 3)])

        await database.write(fill)
        found = await database.read(lambda tx: tx.fetch(COUNT_NAMED, names=["a", 'q"uote', "missing"]))
        none = await database.read(lambda tx: tx.fetch(COUNT_NAMED, names=[]))
        totals = await database.read(lambda tx: tx.fetch(IN_TOTALS, customer_id="c1", totals=[2**62, 3]))
        return found[0][0], none[0][0], [row[0] for row in totals]

    assert run(database_url, act) == (2, 0, ["big", "three"])


def test_one_statement_for_many_rows_finds_for_each_in_their_order(database_url: str) -> None:
    first = "SELECT name FROM counters WHERE customer_id = :customer_id AND total >= :least ORDER BY total LIMIT :count"
    among = "SELECT name FROM counters WHERE customer_id = :customer_id AND name IN (:names[]) ORDER BY name"

    async def act(database: Database) -> list[list[str]]:
        async def fill(tx: Tx) -> None:
            rows = [(customer, f"{customer}{total}", total) for customer in "ab" for total in range(5)]
            await tx.execute_many(ADD, rows)

        async def find(tx: Tx) -> list[list[str]]:
            found = [
                await tx.fetch_many(first, [("b", 3, 9), ("nobody", 0, 9), ("a", 1, 2)]),
                await tx.fetch_many(among, [("a", ["a4", "a0", "b1"]), ("b", [])]),
                await tx.fetch_many(among, []),
            ]
            return [[row[0] for row in rows] for rows in found]

        await database.write(fill)
        return await database.write(find)

    assert run(database_url, act) == [["b3", "b4", "a1", "a2"], ["a0", "a4"], []]


def test_execute_tells_how_many_rows_changed(database_url: str) -> None:
    async def act(database: Database) -> list[int]:
        async def steps(tx: Tx) -> list[int]:
            await tx.execute_many(ADD, [("c1", "a", 1), ("c1", "b", 1)])
            update = "UPDATE counters SET total = total + 1 WHERE customer_id = :customer_id"
            return [
                await tx.execute(update, customer_id="c1"),
                await tx.execute(update, customer_id="nobody"),
                await tx.execute("DELETE FROM counters WHERE customer_id = :customer_id", customer_id="c1"),
            ]

        return await database.write(steps)

    assert run(database_url, act) == [2, 0, 2]


def test_heavy_reads_see_committed_rows(database_url: str) -> None:
    async def act(database: Database) -> int:
        await database.write(lambda tx: put(tx, "a"))
        rows = await database.read(lambda tx: tx.fetch(NAMES), heavy=True)
        return len(rows)

    assert run(database_url, act) == 1


def test_a_read_cannot_see_a_write_that_has_not_been_committed(database_url: str) -> None:
    async def act(database: Database) -> list[str]:
        seen: list[str] = []

        async def write(tx: Tx) -> None:
            await put(tx, "a")
            seen.extend(await names(database))

        await database.write(write)
        return seen

    assert run(database_url, act) == []


def test_text_survives_unchanged_in_every_script(database_url: str) -> None:
    text = "naïve ✓ 😀 \u202e \t\n ' \" \\ %_ ‮עברית"

    async def act(database: Database) -> str:
        await database.write(lambda tx: tx.execute(PUT, name="text", content=text))
        rows = await database.read(
            lambda tx: tx.fetch("SELECT content FROM installation_metadata WHERE name = :name", name="text")
        )
        return str(rows[0][0])

    assert run(database_url, act) == text
