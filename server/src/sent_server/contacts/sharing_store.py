"""SQL across the customers whose contacts and opt-outs apply to a profile: `owners`, in order of precedence."""

import functools
from collections.abc import Sequence

import orjson

from sent_server.contacts.model import Contact
from sent_server.contacts.store import COLUMNS, JOINED
from sent_server.db import Row, Tx, counters, keyset
from sent_server.kernel.paging import Page

# By complete keys, like FOR_SENDING in store.py.
FOR_SENDING = """
    SELECT n.key, w.value,
        (SELECT c.id || c.region_code || c.available_channels FROM contacts c
         WHERE c.customer_id = w.value AND c.phone = n.key),
        (SELECT o.opted_out_at_ms FROM opt_outs o
         WHERE o.customer_id = w.value AND o.phone = n.key)
    FROM EACH(:owners) AS w
    CROSS JOIN json_each(:phones_json) AS n
"""
OPTED_OUT = """
    SELECT n.value, MIN(o.opted_out_at_ms)
    FROM EACH(:owners) AS w
    CROSS JOIN EACH(:phones) AS n
    LOOKUP opt_outs AS o BY (o.customer_id = w.value AND o.phone = n.value)
    GROUP BY n.value
"""
BY_ID = f"""
    SELECT {COLUMNS} FROM {JOINED}
    WHERE c.customer_id IN (:owners[]) AND c.id = :id
"""
BY_PHONE = f"""
    SELECT {COLUMNS}, c.customer_id FROM {JOINED}
    WHERE c.customer_id IN (:owners[]) AND c.phone = :phone
"""
IDS_OF = """
    SELECT c.id
    FROM EACH(:owners) AS w
    CROSS JOIN EACH(:phones) AS n
    LOOKUP contacts AS c BY (c.customer_id = w.value AND c.phone = n.value)
"""
FILTERED_COUNT = """
    SELECT COUNT(*) FROM contacts
    WHERE customer_id IN (:owners[])
        AND phone LIKE :phone_pattern ESCAPE '\\'
        AND available_channels LIKE :channel_pattern
"""
_BRANCH = f"""
    SELECT {COLUMNS}, c.customer_id FROM {JOINED}
    WHERE c.customer_id = :owner_{{number}} AND c.id > :above_id AND c.id < :below_id
"""
_FILTER = """
        AND c.phone LIKE :phone_pattern ESCAPE '\\'
        AND c.available_channels LIKE :channel_pattern
"""
_END = """
    ORDER BY id DESC
    LIMIT :count OFFSET :skip
"""


@functools.cache
def _merged(owners: int, *, filtered: bool) -> str:
    """One branch per owner: both engines merge ordered branches without reading more than the page."""
    branch = _BRANCH + (_FILTER if filtered else "")
    return "    UNION ALL".join(branch.format(number=number) for number in range(owners)) + _END


async def for_sending(tx: Tx, owners: Sequence[str], phones: Sequence[str]) -> list[Row]:
    """Rows of (phone, owner, id + region + channels or None, opted_out_at_ms or None) for every pair."""
    phones_json = orjson.dumps(dict.fromkeys(phones)).decode()
    return await tx.fetch(FOR_SENDING, owners=owners, phones_json=phones_json)


async def opted_out(tx: Tx, owners: Sequence[str], phones: Sequence[str]) -> dict[str, int]:
    """The time of the first opt-out of each number with any of the owners."""
    return {row[0]: row[1] for row in await tx.fetch(OPTED_OUT, owners=owners, phones=phones)}


async def by_id(tx: Tx, owners: Sequence[str], contact_id: str) -> Contact | None:
    rows = await tx.fetch(BY_ID, owners=owners, id=contact_id)
    return Contact(*rows[0]) if rows else None


async def by_phone(tx: Tx, owners: Sequence[str], phone: str) -> Contact | None:
    """The contact of the first owner that has one."""
    rows = await tx.fetch(BY_PHONE, owners=owners, phone=phone)
    first = min(rows, key=lambda row: owners.index(row[-1]), default=None)
    return Contact(*first[:-1]) if first else None


async def ids_of(tx: Tx, owners: Sequence[str], phones: Sequence[str]) -> list[str]:
    return [row[0] for row in await tx.fetch(IDS_OF, owners=owners, phones=phones)]


async def page(tx: Tx, owners: Sequence[str], page: Page) -> list[tuple[str, Contact]]:
    """Newest first, with the owner of each contact. One row more than the page."""
    sql = _merged(len(owners), filtered=False)
    rows = await tx.fetch(keyset.ordered(sql, page), **keyset.window(page), **_named(owners))
    return [(row[-1], Contact(*row[:-1])) for row in rows]


async def filtered_page(
    tx: Tx, owners: Sequence[str], page: Page, *, phone_pattern: str, channel_pattern: str
) -> list[tuple[str, Contact]]:
    rows = await tx.fetch(
        keyset.ordered(_merged(len(owners), filtered=True), page),
        phone_pattern=phone_pattern,
        channel_pattern=channel_pattern,
        **keyset.window(page),
        **_named(owners),
    )
    return [(row[-1], Contact(*row[:-1])) for row in rows]


async def filtered_count(tx: Tx, owners: Sequence[str], *, phone_pattern: str, channel_pattern: str) -> int:
    rows = await tx.fetch(FILTERED_COUNT, owners=owners, phone_pattern=phone_pattern, channel_pattern=channel_pattern)
    return rows[0][0]


async def total(tx: Tx, owners: Sequence[str], name: str) -> int:
    return await counters.read_sum(tx, owners, name)


def _named(owners: Sequence[str]) -> dict[str, str]:
    return {f"owner_{number}": owner for number, owner in enumerate(owners)}
