"""The SQL of the ledger."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Tx, keyset
from sent_server.kernel.paging import Page
from sent_server.ledger.model import ACCOUNTS, AVAILABLE, Transfer

OPEN = """
    INSERT INTO ledger_balances (customer_id, account, balance_micros)
    VALUES (:customer_id, :account, 0)
    ON CONFLICT (customer_id, account) DO NOTHING
"""
BALANCES = """
    SELECT account, balance_micros FROM ledger_balances
    WHERE customer_id = :customer_id
"""
SPENDABLE = """
    SELECT customer_id, balance_micros FROM ledger_balances
    WHERE customer_id IN (:customer_ids[]) AND account = :account
"""
INSERT = """
    INSERT INTO ledger_entries (customer_id, ref, kind, from_account, to_account, amount_micros, created_at_ms)
    VALUES (:customer_id, :ref, :kind, :from_account, :to_account, :amount_micros, :created_at_ms)
"""
CHANGE = """
    UPDATE ledger_balances
    SET balance_micros = balance_micros + :amount_micros
    WHERE customer_id = :customer_id AND account = :account
"""
# References begin with a time-ordered id: that of the message, or of the top-up.
ENTRIES = """
    SELECT ref, kind, amount_micros, created_at_ms FROM ledger_entries
    WHERE customer_id = :customer_id AND ref > :above_id AND ref < :below_id
    ORDER BY ref DESC, kind DESC
    LIMIT :count OFFSET :skip
"""
MOVED = """
    SELECT kind, amount_micros FROM ledger_entries
    WHERE customer_id = :customer_id AND ref = :ref
"""


class BalanceRow(NamedTuple):
    customer_id: str
    account: str


class ListedEntry(NamedTuple):
    """An entry of the ledger as people read it."""

    ref: str
    kind: str
    amount_micros: int
    created_at_ms: int


class EntryRow(NamedTuple):
    customer_id: str
    ref: str
    kind: str
    from_account: str
    to_account: str
    amount_micros: int
    created_at_ms: int


async def open_accounts(tx: Tx, customer_id: str) -> None:
    await tx.execute_many(OPEN, [BalanceRow(customer_id, account) for account in ACCOUNTS])


async def balances(tx: Tx, customer_id: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await tx.fetch(BALANCES, customer_id=customer_id)}


async def available(tx: Tx, customer_ids: Sequence[str]) -> dict[str, int]:
    rows = await tx.fetch(SPENDABLE, customer_ids=customer_ids, account=AVAILABLE)
    return {row[0]: row[1] for row in rows}


async def insert_entries(tx: Tx, transfers: Sequence[Transfer], *, now_ms: int) -> None:
    await tx.execute_many(
        INSERT,
        [
            EntryRow(t.ledger_id, t.ref, t.kind, t.from_account, t.to_account, t.amount_micros, now_ms)
            for t in transfers
        ],
    )


async def change_balances(tx: Tx, changes: Sequence[tuple[str, str, int]]) -> None:
    """Rows of (customer_id, account, amount_micros)."""
    await tx.execute_many(CHANGE, [(amount, customer_id, account) for customer_id, account, amount in changes])


async def moved(tx: Tx, customer_id: str, ref: str) -> dict[str, int]:
    """The amounts of the entries with this reference, by kind."""
    return dict(await tx.fetch(MOVED, customer_id=customer_id, ref=ref))


async def entries(tx: Tx, customer_id: str, page: Page) -> list[ListedEntry]:
    rows = await tx.fetch(keyset.ordered(ENTRIES, page), customer_id=customer_id, **keyset.window(page))
    return [ListedEntry(*row) for row in rows]
