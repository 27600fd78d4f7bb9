"""The SQL of message lists. Each statement reads a range of ids, which are in the order of time.

By contact, the index gives the ids and each row is looked up by its complete key: the planner of SQLite would rather
read all messages of the account in the range.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Tx, keyset
from sent_server.db.database import Param
from sent_server.kernel.paging import Page
from sent_server.messages.log_filter import MessageFilter, StatusTotal
from sent_server.messages.model import Batch, Message

_COLUMNS = ", ".join(f"{{row}}.{name}" for name in Message._fields)
_BATCH_COLUMNS = ", ".join(f"b.{name}" for name in Batch._fields)
_RANGE = "n.customer_id = :customer_id AND n.id > :above_id AND n.id < :below_id"
_OF_CONTACT = " AND n.contact_id = :contact_id"
_ROW = "LOOKUP messages AS m BY (m.customer_id = n.customer_id AND m.id = n.id)"
_BATCH = "LOOKUP batches AS b BY (b.customer_id = n.customer_id AND b.id = {row}.batch_id)"
BEYOND = f"""
    SELECT n.id FROM messages AS n
    WHERE {_RANGE}{{of_contact}}
    ORDER BY n.id DESC
    LIMIT 1 OFFSET :skip
"""
COUNT = f"""
    SELECT COUNT(*) FROM messages AS n {{joins}}
    WHERE {_RANGE}{{conditions}}
"""
PAGE = f"""
    SELECT {_COLUMNS} FROM messages AS n {{joins}}
    WHERE {_RANGE}{{conditions}}
    ORDER BY n.id DESC
    LIMIT :count OFFSET :skip
"""
FIRST = f"""
    SELECT n.id FROM messages AS n
    WHERE {_RANGE}{_OF_CONTACT}
    ORDER BY n.id
    LIMIT 1
"""
BATCHES = f"""
    SELECT {_BATCH_COLUMNS}
    FROM EACH(:ids) AS n
    LOOKUP batches AS b BY (b.customer_id = :customer_id AND b.id = n.value)
"""
TOTALS = f"""
    SELECT m.channel, m.status, COUNT(*), MIN(n.id), MAX(n.id)
    FROM messages AS n {_ROW}
    WHERE {_RANGE}{_OF_CONTACT}
    GROUP BY m.channel, m.status
"""
_CONDITIONS = {
    "statuses": "{row}.status IN (:statuses[])",
    "channel": "{row}.channel = :channel",
    "inbound": "{row}.status = 'RECEIVED'",
    "outbound": "{row}.status <> 'RECEIVED'",
    "template_id": "b.template_id = :template_id",
    "phones": "{row}.phone IN (:phones[])",
}


class IdRange(NamedTuple):
    """Messages with ids between these two, neither included; with `contact_id`, only those with that contact."""

    above_id: str
    below_id: str
    contact_id: str | None = None


@functools.cache
def _sql(sql: str, names: tuple[str, ...], *, by_contact: bool, shows_rows: bool) -> str:
    joins = [_ROW] if by_contact and (names or shows_rows) else []
    joins += [_BATCH] if "template_id" in names else []
    conditions = [_OF_CONTACT] if by_contact else []
    conditions += [f" AND {_CONDITIONS[name]}" for name in names]
    # Without the index of contacts, the table of the range is that of the rows.
    row = "m" if by_contact else "n"
    return sql.format(joins=" ".join(joins), conditions="".join(conditions), row="{row}").format(row=row)


def _conditions(chosen: MessageFilter) -> tuple[tuple[str, ...], dict[str, Param]]:
    params: dict[str, Param] = {
        name: value
        for name, value in (
            ("statuses", chosen.statuses),
            ("channel", chosen.channel),
            ("template_id", chosen.template_id),
            ("phones", chosen.phones),
        )
        if value is not None
    }
    direction = {None: (), True: ("inbound",), False: ("outbound",)}[chosen.is_inbound]
    return (*params, *direction), params


async def beyond(tx: Tx, customer_id: str, within: IdRange, page: Page, limit: int) -> str | None:
    """The first id behind the next `limit` ones in the direction of the page. None if there are no more."""
    sql = BEYOND.format(of_contact=_OF_CONTACT if within.contact_id else "")
    rows = await tx.fetch(keyset.ordered(sql, page), customer_id=customer_id, skip=limit, **_named(within))
    return rows[0][0] if rows else None


async def count(tx: Tx, customer_id: str, within: IdRange, chosen: MessageFilter) -> int:
    names, params = _conditions(chosen)
    sql = _sql(COUNT, names, by_contact=within.contact_id is not None, shows_rows=False)
    return (await tx.fetch(sql, customer_id=customer_id, **_named(within), **params))[0][0]


async def page(
    tx: Tx, customer_id: str, within: IdRange, chosen: MessageFilter, page: Page, *, rows: int, skip: int
) -> list[Message]:
    """Newest first, or oldest first before a cursor."""
    names, params = _conditions(chosen)
    sql = keyset.ordered(_sql(PAGE, names, by_contact=within.contact_id is not None, shows_rows=True), page)
    found = await tx.fetch(sql, customer_id=customer_id, count=rows, skip=skip, **_named(within), **params)
    return [Message(*row) for row in found]


async def batches(tx: Tx, customer_id: str, batch_ids: Sequence[str]) -> dict[str, Batch]:
    rows = await tx.fetch(BATCHES, customer_id=customer_id, ids=batch_ids)
    return {batch.id: batch for batch in (Batch(*row) for row in rows)}


async def first_id(tx: Tx, customer_id: str, within: IdRange) -> str | None:
    rows = await tx.fetch(FIRST, customer_id=customer_id, **_named(within))
    return rows[0][0] if rows else None


async def totals(tx: Tx, customer_id: str, within: IdRange) -> list[StatusTotal]:
    """How many messages with the contact have each channel and status."""
    return [StatusTotal(*row) for row in await tx.fetch(TOTALS, customer_id=customer_id, **_named(within))]


def _named(within: IdRange) -> dict[str, Param]:
    named: dict[str, Param] = {"above_id": within.above_id, "below_id": within.below_id}
    return named if within.contact_id is None else {**named, "contact_id": within.contact_id}
