"""Lists of messages, newest first. A request reads a bounded number of rows, however many there are.

Ids order by time, so a range of time is a range of ids, and a page starts at an id. A search reads at most
`MAX_SCANNED` rows: what it finds is the page, and the cursor continues where it stopped. The same bound ends the count.
Source: contract/openapi-v3.json, list_messages.
"""

from collections.abc import Sequence
from dataclasses import replace

from sent_server.contacts import service as contacts
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller
from sent_server.kernel import ids, paging, spellings
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object
from sent_server.messages import log_store
from sent_server.messages.log_filter import EVERYTHING, MessageFilter, StatusTotal
from sent_server.messages.log_store import IdRange
from sent_server.messages.model import Batch, Message

MAX_SCANNED = 10_000
ListedMessage = tuple[Message, Batch]


@value_object
class MessagePage:
    """`pagination` is the object of the response."""

    rows: Sequence[ListedMessage]
    pagination: dict[str, object]


@value_object
class ContactTotals:
    """The newest `MAX_SCANNED` messages with a contact, counted. `first_id` is that of its first message of all."""

    totals: Sequence[StatusTotal]
    first_id: str | None


async def read(
    tx: Tx, customer_id: str, page: Page, chosen: MessageFilter = EVERYTHING, *, limit: int = MAX_SCANNED
) -> MessagePage:
    """A page of the messages that fit. Raises VALIDATION_005 for a page number behind the newest `limit` messages."""
    ranges = _ranges(page, chosen)
    total_count, stops_at = page.total_count, None
    if total_count is None or chosen.searches:
        stops_at = await _first_unread(tx, customer_id, ranges, page, limit)
        if stops_at is not None:
            ranges = [_up_to(stops_at, one, page) for one in ranges]
    if total_count is None:
        is_full = stops_at is not None and len(ranges) == 1 and not chosen.searches
        total_count = limit if is_full else sum([await log_store.count(tx, customer_id, one, chosen) for one in ranges])
        if stops_at is not None and page.number > 1 and page.offset >= total_count:
            raise ApiError("VALIDATION_005", details={"page": [_too_deep(page, limit)]})
    found = await _rows(tx, customer_id, ranges, page, chosen)
    stopped_at = None if stops_at is None else ids.shifted(stops_at, 1 if page.before is None else -1)
    shown, pagination = paging.cut(
        page, found, total_count=total_count, key=lambda row: row.id, stopped_at=stopped_at, keeps_total=True
    )
    batches = await log_store.batches(tx, customer_id, sorted({row.batch_id for row in shown})) if shown else {}
    return MessagePage([(row, batches[row.batch_id]) for row in shown], pagination)


async def of_person(tx: Tx, caller: Caller, chosen: MessageFilter) -> MessageFilter:
    """Replaces a number by the contacts that have it in any spelling. A number of no contact stays a search."""
    if chosen.phones is None:
        return chosen
    numbers = [spelling for number in chosen.phones for spelling in (number, *spellings.others(number))]
    known = await contacts.ids_of(tx, caller.customer_id, numbers, caller.sharing)
    if not known:
        return replace(chosen, phones=tuple(numbers))
    if chosen.contact_ids is not None:
        known = [contact_id for contact_id in known if contact_id in chosen.contact_ids]
    return replace(chosen, phones=None, contact_ids=tuple(known))


async def has_any(tx: Tx, customer_id: str, contact_id: str) -> bool:
    """Whether there are messages with this contact, which may be gone."""
    return await log_store.first_id(tx, customer_id, _all_with(contact_id)) is not None


async def totals_of(tx: Tx, customer_id: str, contact_id: str, *, limit: int = MAX_SCANNED) -> ContactTotals:
    within = counted = _all_with(contact_id)
    stops_at = await log_store.beyond(tx, customer_id, within, Page(), limit)
    if stops_at is not None:
        counted = _up_to(stops_at, within, Page())
    totals = await log_store.totals(tx, customer_id, counted)
    return ContactTotals(totals, await log_store.first_id(tx, customer_id, within))


def _all_with(contact_id: str) -> IdRange:
    return IdRange(Page().above_id, Page().below_id, contact_id)


def _ranges(page: Page, chosen: MessageFilter) -> list[IdRange]:
    """One range for each person, or one for all."""
    above_id, below_id = page.above_id, page.below_id
    if chosen.from_ms is not None:
        above_id = max(above_id, ids.first_at(max(chosen.from_ms, 0)))
    if chosen.to_ms is not None:
        below_id = min(below_id, ids.first_at(max(chosen.to_ms, 0)))
    if chosen.contact_ids is None:
        return [IdRange(above_id, below_id)]
    return [IdRange(above_id, below_id, contact_id) for contact_id in chosen.contact_ids]


async def _first_unread(tx: Tx, customer_id: str, ranges: Sequence[IdRange], page: Page, limit: int) -> str | None:
    """The first id that this request does not read any more. None if it reads all."""
    found = [await log_store.beyond(tx, customer_id, one, page, limit) for one in ranges]
    ends = [end for end in found if end is not None]
    nearest = max if page.before is None else min
    return nearest(ends) if ends else None


def _up_to(stops_at: str, within: IdRange, page: Page) -> IdRange:
    return within._replace(above_id=stops_at) if page.before is None else within._replace(below_id=stops_at)


async def _rows(
    tx: Tx, customer_id: str, ranges: Sequence[IdRange], page: Page, chosen: MessageFilter
) -> Sequence[Message]:
    if len(ranges) == 1:
        return await log_store.page(tx, customer_id, ranges[0], chosen, page, rows=page.fetch, skip=page.offset)
    end = page.offset + page.fetch
    parts = [await log_store.page(tx, customer_id, one, chosen, page, rows=end, skip=0) for one in ranges]
    merged = sorted((row for part in parts for row in part), key=lambda row: row.id, reverse=page.before is None)
    return merged[page.offset : end]


def _too_deep(page: Page, limit: int) -> str:
    return (
        f"Page {page.number} is behind the newest {limit:,} messages, which page numbers reach. "
        "Use 'after' with 'pagination.cursors.after' of an earlier page, or a shorter time with 'created_before'"
    )
