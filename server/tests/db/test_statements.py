"""One SQL text, two dialects."""

import asyncio

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
