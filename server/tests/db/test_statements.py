"""One SQL text, two dialects."""

import asyncio

import pytest

from sent_server.db import migrate, statements
from sent_server.db.open import open_database

LOOK_UP = """
    SELECT n.value, c.total
    FROM EACH(:names) AS n
    LOOKUP counters AS c BY (c.customer_id = :customer_id AND c.name = n.value) FOR UPDATE
"""


def test_names_become_positions_and_casts_stay():
    found = statements.for_postgres("SELECT CAST(:b AS TEXT), :a::bigint FROM t WHERE x = :b")
    assert found.sql == "SELECT CAST($1 AS TEXT), $2::bigint FROM t WHERE x = $1"
    assert found.names == ("b", "a")


def test_what_only_postgres_needs_is_left_out_for_sqlite():
    sql = "SELECT id FROM jobs LIMIT :n /*pg: FOR UPDATE SKIP LOCKED*/"
    assert statements.for_sqlite(sql).sql.strip() == "SELECT id FROM jobs LIMIT :n"
    assert statements.for_postgres(sql).sql == "SELECT id FROM jobs LIMIT $1 FOR UPDATE SKIP LOCKED"


def test_a_look_up_is_by_whole_keys_on_both():
    assert "CROSS JOIN counters AS c ON c.customer_id = :customer_id" in statements.for_sqlite(LOOK_UP).sql
    postgres = statements.for_postgres(LOOK_UP).sql
    assert "unnest($1::text[]) AS n(value)" in postgres
    assert "OFFSET 0 FOR UPDATE) AS c" in postgres


def test_look_ups_find_what_is_there_in_the_order_of_the_list(database_url):
    async def go():
        database = await open_database(database_url)
        await migrate.apply(database)
        sql = "INSERT INTO counters (customer_id, name, total) VALUES (:customer_id, :name, :total)"
        rows = [("a", "one", 1), ("a", "two", 2), ("b", "one", 9)]
        await database.write(lambda tx: tx.execute_many(sql, rows))
        found = await database.read(
            lambda tx: tx.fetch(LOOK_UP.replace(" FOR UPDATE", ""), names=["two", "x", "one"], customer_id="a")
        )
        assert [tuple(row) for row in found] == [("two", 2), ("one", 1)]
        await database.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("statement", "types", "expected"),
    [
        (
            "INSERT INTO t (a, b, c)\n    VALUES ($1, 0, $2)\n    ON CONFLICT (a) DO NOTHING",
            ["text", "int8"],
            "INSERT INTO t (a, b, c) SELECT n.p1, 0, n.p2 FROM unnest($1::text[], $2::int8[]) AS n(p1, p2) "
            "ON CONFLICT (a) DO NOTHING",
        ),
        (
            "UPDATE t\n SET a = $1, b = b + 1\n WHERE c = $2 AND a = $1",
            ["text", "int8"],
            "UPDATE t SET a = n.p1, b = b + 1 FROM unnest($1::text[], $2::int8[]) AS n(p1, p2) "
            "WHERE c = n.p2 AND a = n.p1",
        ),
        ("DELETE FROM t\n WHERE c = $1", ["text"], "DELETE FROM t USING unnest($1::text[]) AS n(p1) WHERE c = n.p1"),
    ],
)
def test_rows_become_arrays(statement, types, expected):
    made = statements.for_postgres_set(statement, types)
    assert made is not None
    assert " ".join(made.split()) == expected


def test_an_unknown_form_runs_row_by_row():
    assert statements.for_postgres_set("SELECT $1", ["text"]) is None


def test_only_updates_mind_repeated_rows():
    assert statements.may_repeat("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO NOTHING")
    assert statements.may_repeat("DELETE FROM t WHERE a = $1")
    assert not statements.may_repeat("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = t.b + 1")
    assert not statements.may_repeat("UPDATE t SET b = b + 1 WHERE a = $1")


def test_many_rows_mean_the_same_on_both(database_url):
    put = """
        INSERT INTO counters (customer_id, name, total)
        VALUES (:customer_id, :name, :total)
        ON CONFLICT (customer_id, name) DO UPDATE
        SET total = counters.total + excluded.total
    """
    change = "UPDATE counters SET total = :total WHERE customer_id = :customer_id AND name = :name"
    drop = "DELETE FROM counters WHERE customer_id = :customer_id AND name = :name"

    async def work(tx):
        await tx.execute_many(put, [("a", "x", 1), ("a", "y", 2), ("a", "x", 3), ("a", "z", 5)])
        await tx.execute_many(change, [(7, "a", "y"), (8, "a", "none"), (9, "a", "z")], distinct=True)
        await tx.execute_many(change, [(1, "a", "z"), (2, "a", "z")])
        await tx.execute_many(drop, [("a", "y"), ("a", "y"), ("a", "none")])
        await tx.execute_many(drop, [])
        return await tx.fetch("SELECT name, total FROM counters ORDER BY name")

    async def go():
        database = await open_database(database_url)
        await migrate.apply(database)
        assert [tuple(row) for row in await database.write(work)] == [("x", 4), ("z", 2)]
        await database.close()

    asyncio.run(go())
