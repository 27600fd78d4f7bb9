"""Moves money. Every function works on sets. The database itself refuses a negative balance."""

from collections import defaultdict
from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.kernel.paging import Page
from sent_server.ledger import store
from sent_server.ledger.model import AVAILABLE, DEPOSITS, HELD, Balances, Transfer
from sent_server.ledger.store import ListedEntry

__all__ = ["ListedEntry", "available", "balances", "entries", "moved", "open_ledger", "top_up", "transfer"]


async def open_ledger(tx: Tx, customer_id: str) -> None:
    """Create the ledger accounts of a new customer, with zero balances."""
    await store.open_accounts(tx, customer_id)


async def balances(tx: Tx, customer_id: str) -> Balances:
    found = await store.balances(tx, customer_id)
    return Balances(found.get(AVAILABLE, 0), found.get(HELD, 0))


async def available(tx: Tx, customer_ids: Sequence[str]) -> dict[str, int]:
    """The available balance of each customer. If another transaction spends it first, the database refuses ours, and
    it runs again."""
    return await store.available(tx, sorted(customer_ids))


async def moved(tx: Tx, customer_id: str, ref: str) -> dict[str, int]:
    """The amounts in micros of the entries with this reference, by kind."""
    return await store.moved(tx, customer_id, ref)


async def entries(tx: Tx, customer_id: str, page: Page) -> list[ListedEntry]:
    """The entries by reference, newest first, with one more than the page size if there are more."""
    return await store.entries(tx, customer_id, page)


async def top_up(tx: Tx, customer_id: str, amount_micros: int, *, ref: str, now_ms: int) -> None:
    """Add credit. A repeated `ref` is a unique violation, so a retry cannot add twice."""
    await transfer(tx, [Transfer(customer_id, ref, "top_up", DEPOSITS, AVAILABLE, amount_micros)], now_ms=now_ms)


async def transfer(tx: Tx, transfers: Sequence[Transfer], *, now_ms: int) -> None:
    """Write the entries and change the balances, one statement each. Zero amounts are skipped."""
    moved = [entry for entry in transfers if entry.amount_micros > 0]
    if not moved:
        return
    await store.insert_entries(tx, moved, now_ms=now_ms)
    changes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for entry in moved:
        changes[(entry.ledger_id, entry.from_account)] -= entry.amount_micros
        changes[(entry.ledger_id, entry.to_account)] += entry.amount_micros
    # The same order everywhere, so that two transactions never deadlock.
    await store.change_balances(tx, sorted((*key, amount) for key, amount in changes.items() if amount))
