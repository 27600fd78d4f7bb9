"""Billing: what is left, and what was it spent on?"""

from collections.abc import Sequence

from starlette.responses import Response

from sent_server.dashboard import lists, words
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.kernel.values import value_object
from sent_server.ledger import service as ledger
from sent_server.ledger.service import ListedEntry

KINDS = {
    "top_up": "Top-up",
    "hold": "Held for a message",
    "capture": "Charged",
    "release": "Released",
    "refund": "Refunded",
}


@value_object
class View:
    available: str
    held: str
    is_low: bool
    pays_itself: bool
    entries: Sequence[ListedEntry]
    said: str
    older: str
    newer: str

    def label(self, entry: ListedEntry) -> str:
        return KINDS.get(entry.kind, entry.kind)

    def message_id(self, entry: ListedEntry) -> str:
        return "" if entry.kind == "top_up" else entry.ref.partition("#")[0]


async def show(visit: Visit) -> Response:
    return visit.answer("billing", await visit.read(lambda tx: _view(tx, visit)))


async def _view(tx: Tx, visit: Visit) -> View:
    ledger_id = visit.caller.ledger_id
    pays_itself = ledger_id == visit.place.customer_id
    page = lists.page_of(visit)
    # A profile whose organization pays sees the balance, not the entries of others.
    found = await ledger.entries(tx, ledger_id, page) if pays_itself else []
    shown, older, newer = lists.cut(visit, page, found, at="/billing", key=lambda entry: entry.ref)
    balances = await ledger.balances(tx, ledger_id)
    return View(
        available=words.balance(balances.available_micros),
        held=words.balance(balances.held_micros),
        is_low=balances.available_micros <= 0,
        pays_itself=pays_itself,
        entries=shown,
        said=f"Times in {words.zone_name(visit.zone)}",
        older=older,
        newer=newer,
    )
