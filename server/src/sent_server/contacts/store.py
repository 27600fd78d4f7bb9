"""The SQL of contacts and of consent."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from sent_server.contacts import identity
from sent_server.contacts.model import Contact, Recipient, channel_set
from sent_server.db import Tx, counters, keyset
from sent_server.db.counters import CounterRow
from sent_server.db.database import fetch_one
from sent_server.kernel.paging import Page

COLUMNS = """c.id, c.phone, c.region_code, c.available_channels, c.default_channel, c.created_at_ms, c.updated_at_ms,
        o.opted_out_at_ms"""
JOINED = """contacts c
    LEFT JOIN opt_outs o ON o.customer_id = c.customer_id AND o.phone = c.phone"""
BY_ID = f"""
    SELECT {COLUMNS} FROM {JOINED}
    WHERE c.customer_id = :customer_id AND c.id = :id
"""
BY_PHONE = f"""
    SELECT {COLUMNS} FROM {JOINED}
    WHERE c.customer_id = :customer_id AND c.phone = :phone
"""
# One writer per account at a time decides which numbers exist. SQLite has only one writer.
LOCK = """
    SELECT 1 /*pg: FROM pg_advisory_xact_lock(hashtextextended('contacts:' || CAST(:customer_id AS TEXT), 0))*/
"""
# Each number is looked up by its complete key. With joins and IN lists both planners read all contacts of the account:
# SQLite always, PostgreSQL until it has statistics (measured: 20 ms for one number among 200,000).
FOR_SENDING = """
    SELECT n.key,
        (SELECT c.id || c.region_code || c.available_channels FROM contacts c
         WHERE c.customer_id = :customer_id AND c.phone = n.key),
        (SELECT o.opted_out_at_ms FROM opt_outs o
         WHERE o.customer_id = :customer_id AND o.phone = n.key)
    FROM json_each(:phones_json) AS n
"""
ID_LENGTH, REGION_LENGTH = 36, 2
OPTED_OUT = """
    SELECT o.phone
    FROM EACH(:phones) AS n
    LOOKUP opt_outs AS o BY (o.customer_id = :customer_id AND o.phone = n.value)
"""
PAGE = f"""
    SELECT {COLUMNS} FROM {JOINED}
    WHERE c.customer_id = :customer_id AND c.id > :above_id AND c.id < :below_id
    ORDER BY c.id DESC
    LIMIT :count OFFSET :skip
"""
FILTERED_PAGE = f"""
    SELECT {COLUMNS} FROM {JOINED}
    WHERE c.customer_id = :customer_id
        AND c.phone LIKE :phone_pattern ESCAPE '\\'
        AND c.available_channels LIKE :channel_pattern
        AND c.id > :above_id AND c.id < :below_id
    ORDER BY c.id DESC
    LIMIT :count OFFSET :skip
"""
FILTERED_COUNT = """
    SELECT COUNT(*) FROM contacts
    WHERE customer_id = :customer_id
        AND phone LIKE :phone_pattern ESCAPE '\\'
        AND available_channels LIKE :channel_pattern
"""
INSERT = """
    INSERT INTO contacts (customer_id, id, phone, region_code, available_channels, default_channel, created_at_ms)
    VALUES (:customer_id, :id, :phone, :region_code, :available_channels, :default_channel, :created_at_ms)
"""
UPDATE = """
    UPDATE contacts
    SET phone = :phone, region_code = :region_code, available_channels = :available_channels,
        default_channel = :default_channel, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
DELETE = """
    DELETE FROM contacts
    WHERE customer_id = :customer_id AND id = :id
"""
OPT_OUT = """
    INSERT INTO opt_outs (customer_id, phone, source, opted_out_at_ms)
    VALUES (:customer_id, :phone, :source, :opted_out_at_ms)
    ON CONFLICT (customer_id, phone) DO NOTHING
"""
OPT_IN = """
    DELETE FROM opt_outs
    WHERE customer_id = :customer_id AND phone = :phone
"""


class ContactRow(NamedTuple):
    customer_id: str
    id: str
    phone: str
    region_code: str
    available_channels: str
    default_channel: str | None
    created_at_ms: int


async def by_id(tx: Tx, customer_id: str, contact_id: str) -> Contact | None:
    row = await fetch_one(tx, BY_ID, customer_id=customer_id, id=contact_id)
    return Contact(*row) if row else None


async def by_phone(tx: Tx, customer_id: str, phone: str) -> Contact | None:
    row = await fetch_one(tx, BY_PHONE, customer_id=customer_id, phone=phone)
    return Contact(*row) if row else None


async def lock(tx: Tx, customer_id: str) -> None:
    """Wait for other writers of this account's contacts. Rows read afterwards stay valid until our commit."""
    await tx.fetch(LOCK, customer_id=customer_id)


async def for_sending(tx: Tx, customer_id: str, phones: Sequence[str]) -> tuple[list[Recipient], dict[str, bool]]:
    """The contacts among `phones`, in any spelling, and the opt-outs of the other numbers."""
    phones_json = orjson.dumps(dict.fromkeys(identity.all_spellings(phones))).decode()
    contacts: dict[str, str] = {}
    opted_out: set[str] = set()
    for phone, found, opted_out_at_ms in await tx.fetch(FOR_SENDING, customer_id=customer_id, phones_json=phones_json):
        if found is not None:
            contacts[phone] = found
        if opted_out_at_ms is not None:
            opted_out.add(phone)
    refused = identity.under_any(phones, opted_out) if opted_out else opted_out
    known: list[Recipient] = []
    unknown: dict[str, bool] = {}
    for phone in dict.fromkeys(phones):
        found = identity.pick(phone, contacts)
        if found is None:
            unknown[phone] = phone in refused
        else:
            known.append(to_recipient(phone, found, opted_out=phone in refused))
    return known, unknown


def to_recipient(phone: str, text: str, *, opted_out: bool) -> Recipient:
    """`text` is id, region and channels in one column of FOR_SENDING."""
    region_code, channels = text[ID_LENGTH:][:REGION_LENGTH], channel_set(text[ID_LENGTH + REGION_LENGTH :])
    return Recipient(text[:ID_LENGTH], phone, region_code, channels, opted_out, is_new=False)


async def opted_out(tx: Tx, customer_id: str, phones: Sequence[str]) -> set[str]:
    return {row[0] for row in await tx.fetch(OPTED_OUT, customer_id=customer_id, phones=phones)}


async def page(tx: Tx, customer_id: str, page: Page) -> list[Contact]:
    """Newest first. One row more than the page shows that more exist."""
    rows = await tx.fetch(keyset.ordered(PAGE, page), customer_id=customer_id, **keyset.window(page))
    return [Contact(*row) for row in rows]


async def filtered_page(
    tx: Tx, customer_id: str, page: Page, *, phone_pattern: str, channel_pattern: str
) -> list[Contact]:
    rows = await tx.fetch(
        keyset.ordered(FILTERED_PAGE, page),
        customer_id=customer_id,
        phone_pattern=phone_pattern,
        channel_pattern=channel_pattern,
        **keyset.window(page),
    )
    return [Contact(*row) for row in rows]


async def filtered_count(tx: Tx, customer_id: str, *, phone_pattern: str, channel_pattern: str) -> int:
    row = await fetch_one(
        tx, FILTERED_COUNT, customer_id=customer_id, phone_pattern=phone_pattern, channel_pattern=channel_pattern
    )
    return row[0] if row else 0


async def insert(tx: Tx, rows: Sequence[ContactRow]) -> None:
    await tx.execute_many(INSERT, rows)


async def update(tx: Tx, customer_id: str, contact: Contact) -> None:
    await tx.execute(
        UPDATE,
        customer_id=customer_id,
        id=contact.id,
        phone=contact.phone,
        region_code=contact.region_code,
        available_channels=contact.available_channels,
        default_channel=contact.default_channel,
        updated_at_ms=contact.updated_at_ms,
    )


async def delete(tx: Tx, customer_id: str, contact_id: str) -> None:
    await tx.execute(DELETE, customer_id=customer_id, id=contact_id)


async def opt_out(tx: Tx, customer_id: str, phone: str, *, source: str, now_ms: int) -> bool:
    changed = await tx.execute(OPT_OUT, customer_id=customer_id, phone=phone, source=source, opted_out_at_ms=now_ms)
    return changed > 0


async def opt_in(tx: Tx, customer_id: str, phones: Sequence[str]) -> None:
    await tx.execute_many(OPT_IN, [(customer_id, phone) for phone in phones])


async def count(tx: Tx, customer_id: str, name: str) -> int:
    return await counters.read(tx, customer_id, name)


async def add_to_counts(tx: Tx, customer_id: str, changes: dict[str, int]) -> None:
    await counters.add(tx, [CounterRow(customer_id, name, change) for name, change in changes.items()])
