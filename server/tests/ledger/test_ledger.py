"""Money on both engines: double entry, never below zero, once per reference."""

import asyncio
import contextlib

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sent_server.db import migrate
from sent_server.db.open import open_database
from sent_server.ledger import model, service
from sent_server.ledger.model import ACCOUNTS, Balances

CUSTOMER = "0190a000-0000-7000-8000-000000000001"
SUM = "SELECT CAST(SUM(balance_micros) AS BIGINT) FROM ledger_balances WHERE customer_id = :customer_id"
FROM_ENTRIES = """
    SELECT CAST(COALESCE(SUM(CASE WHEN to_account = :account THEN amount_micros ELSE 0 END), 0)
         - COALESCE(SUM(CASE WHEN from_account = :account THEN amount_micros ELSE 0 END), 0) AS BIGINT)
    FROM ledger_entries WHERE customer_id = :customer_id
"""
BALANCE = "SELECT balance_micros FROM ledger_balances WHERE customer_id = :customer_id AND account = :account"


async def opened(url):
    database = await open_database(url)
    await migrate.apply(database)
    await database.write(lambda tx: service.open_ledger(tx, CUSTOMER))
    return database


async def check(database):
    async def look(tx):
        assert (await tx.fetch(SUM, customer_id=CUSTOMER))[0][0] == 0
        for account in ACCOUNTS:
            kept = (await tx.fetch(BALANCE, customer_id=CUSTOMER, account=account))[0][0]
            counted = (await tx.fetch(FROM_ENTRIES, customer_id=CUSTOMER, account=account))[0][0]
            assert kept == counted, account

    await database.read(look)


def test_a_message_moves_money_from_available_to_revenue_and_back(database_url):
    async def go():
        database = await opened(database_url)
        await database.write(lambda tx: service.top_up(tx, CUSTOMER, 1_000, ref="t1", now_ms=1))
        await database.write(lambda tx: service.transfer(tx, [model.hold(CUSTOMER, "m1", 300)], now_ms=2))
        assert await database.read(lambda tx: service.balances(tx, CUSTOMER)) == Balances(700, 300)
        settle = [model.capture(CUSTOMER, "m1", 100), model.release(CUSTOMER, "m1", 200)]
        await database.write(lambda tx: service.transfer(tx, settle, now_ms=3))
        assert await database.read(lambda tx: service.balances(tx, CUSTOMER)) == Balances(900, 0)
        await check(database)
        await database.close()

    asyncio.run(go())


def test_the_database_refuses_a_second_debit_and_a_balance_below_zero(database_url):
    async def go():
        database = await opened(database_url)
        await database.write(lambda tx: service.top_up(tx, CUSTOMER, 100, ref="t1", now_ms=1))
        await database.write(lambda tx: service.transfer(tx, [model.hold(CUSTOMER, "m1", 60)], now_ms=2))
        for wrong in (
            [model.hold(CUSTOMER, "m1", 10)],  # the same message again
            [model.hold(CUSTOMER, "m2", 41)],  # more than is left
            [model.capture(CUSTOMER, "m1", 61)],  # more than is held
        ):
            with pytest.raises(Exception, match=r"(?i)unique|constraint"):
                await database.write(lambda tx, wrong=wrong: service.transfer(tx, wrong, now_ms=3))
        assert await database.read(lambda tx: service.balances(tx, CUSTOMER)) == Balances(40, 60)
        await check(database)
        await database.close()

    asyncio.run(go())


moves = st.lists(
    st.tuples(
        st.sampled_from(["top_up", "hold", "capture", "release"]),
        st.integers(0, 5).map(lambda number: f"m{number}"),
        st.integers(1, 100),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_no_sequence_of_moves_breaks_the_books(tmp_path_factory, steps):
    async def go():
        database = await opened(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'x.db'}")
        for kind, ref, amount in steps:
            transfer = getattr(model, kind)(CUSTOMER, ref, amount) if kind != "top_up" else None
            with contextlib.suppress(apsw.ConstraintError):
                if transfer is None:
                    await database.write(
                        lambda tx, ref=ref, amount=amount: service.top_up(tx, CUSTOMER, amount, ref=ref, now_ms=1)
                    )
                else:
                    await database.write(lambda tx, transfer=transfer: service.transfer(tx, [transfer], now_ms=1))
            await check(database)
        found = await database.read(lambda tx: service.balances(tx, CUSTOMER))
        assert found.available_micros >= 0
        assert found.held_micros >= 0
        await database.close()

    asyncio.run(go())
