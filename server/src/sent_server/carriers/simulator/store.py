"""The SQL of handsets, their messages and the fault dial."""

import functools
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sent_server.carriers.base import ReceiptKind
from sent_server.carriers.simulator.behaviour import Fault, FaultKind
from sent_server.carriers.simulator.model import DialledFault, HandsetMessage
from sent_server.db import Tx, keyset
from sent_server.db.database import fetch_one
from sent_server.kernel.paging import Page

CHANNELS = """
    SELECT phone, channels FROM handsets
    WHERE customer_id = :customer_id AND phone IN (:phones[])
"""
SET_CHANNELS = """
    INSERT INTO handsets (customer_id, phone, channels, updated_at_ms)
    VALUES (:customer_id, :phone, :channels, :now_ms)
    ON CONFLICT (customer_id, phone) DO UPDATE
    SET channels = excluded.channels, updated_at_ms = excluded.updated_at_ms
"""
SEEN = """
    SELECT phone, COUNT(*) AS messages, MAX(at_ms) AS last_at_ms FROM handset_messages
    WHERE customer_id = :customer_id AND at_ms <= :now_ms
    GROUP BY phone
    UNION ALL
    SELECT phone, 0, 0 FROM handsets
    WHERE customer_id = :customer_id
"""
LIST = f"""
    SELECT phone, CAST(SUM(messages) AS BIGINT), MAX(last_at_ms) FROM ({SEEN}) AS seen
    GROUP BY phone
    HAVING (MAX(last_at_ms), phone) > (:above_at_ms, :above_key)
        AND (MAX(last_at_ms), phone) < (:below_at_ms, :below_key)
    ORDER BY MAX(last_at_ms) DESC, phone DESC
    LIMIT :count OFFSET :skip
"""
COUNT_PHONES = f"""
    SELECT COUNT(DISTINCT phone) FROM ({SEEN}) AS seen
"""
FIND = """
    SELECT COUNT(*), MAX(at_ms) FROM handset_messages
    WHERE customer_id = :customer_id AND phone = :phone AND at_ms <= :now_ms
"""
# The range makes PostgreSQL use the primary key while the table has no statistics yet. Attempts of one batch are close
# together.
KNOWN = """
    SELECT id FROM handset_messages
    WHERE customer_id = :customer_id AND id >= :first_id AND id <= :last_id AND id IN (:ids[])
"""
# An attempt that is submitted in two processes at once arrives once.
INSERT_MESSAGES = """
    INSERT INTO handset_messages (customer_id, id, phone, direction, channel, sender, message_id, text, extras_json,
        duplicates, at_ms, delivered_at_ms, read_at_ms, failed_at_ms)
    VALUES (:customer_id, :id, :phone, :direction, :channel, :sender, :message_id, :text, :extras_json,
        0, :at_ms, :delivered_at_ms, :read_at_ms, :failed_at_ms)
    ON CONFLICT (customer_id, id) DO UPDATE
    SET duplicates = handset_messages.duplicates + 1
"""
COUNT_DUPLICATES = """
    UPDATE handset_messages
    SET duplicates = duplicates + 1
    WHERE customer_id = :customer_id AND id = :id
"""
_COLUMNS = """id, phone, direction, channel, sender, message_id, text, extras_json, duplicates, at_ms,
        delivered_at_ms, read_at_ms, failed_at_ms"""
LIST_MESSAGES = f"""
    SELECT {_COLUMNS} FROM handset_messages
    WHERE customer_id = :customer_id AND phone = :phone AND at_ms <= :now_ms
        AND (at_ms, id) > (:above_at_ms, :above_key) AND (at_ms, id) < (:below_at_ms, :below_key)
    ORDER BY at_ms DESC, id DESC
    LIMIT :count OFFSET :skip
"""
FETCH_MESSAGES = f"""
    SELECT {_COLUMNS} FROM handset_messages
    WHERE customer_id = :customer_id AND id IN (:ids[])
"""
NEWEST = f"""
    SELECT {_COLUMNS} FROM handset_messages
    WHERE customer_id = :customer_id AND phone = :phone AND direction = 'to_phone' AND channel = :channel
        AND message_id = COALESCE(:message_id, message_id)
    ORDER BY at_ms DESC, id DESC
    LIMIT 1
"""
NOTE_RECEIPT = """
    UPDATE handset_messages
    SET delivered_at_ms = COALESCE(:delivered_at_ms, delivered_at_ms), read_at_ms = COALESCE(:read_at_ms, read_at_ms),
        failed_at_ms = COALESCE(:failed_at_ms, failed_at_ms)
    WHERE customer_id = :customer_id AND id = :id
"""
FAULTS = """
    SELECT customer_id, channel, kind, error_code, per_million FROM network_faults
    WHERE customer_id IN (:customer_ids[])
    ORDER BY channel
"""
INSERT_FAULTS = """
    INSERT INTO network_faults (customer_id, channel, kind, error_code, per_million)
    VALUES (:customer_id, :channel, :kind, :error_code, :per_million)
"""
FORGET_FAULTS = """
    DELETE FROM network_faults
    WHERE customer_id = :customer_id
"""
FORGET_HANDSETS = """
    DELETE FROM handsets
    WHERE customer_id = :customer_id
"""
FORGET_MESSAGES = """
    DELETE FROM handset_messages
    WHERE customer_id = :customer_id
"""
NEXT_CUSTOMER = """
    SELECT MIN(customer_id) FROM handset_messages
    WHERE customer_id > :after
"""
SURPLUS = """
    SELECT id FROM handset_messages
    WHERE customer_id = :customer_id
    ORDER BY id DESC
    LIMIT 1 OFFSET :kept
"""
TRIM = """
    DELETE FROM handset_messages
    WHERE customer_id = :customer_id AND id IN (
        SELECT id FROM handset_messages
        WHERE customer_id = :customer_id AND id <= :last_id
        ORDER BY id
        LIMIT :count
    )
"""


class HandsetMessageRow(NamedTuple):
    customer_id: str
    id: str
    phone: str
    direction: str
    channel: str
    sender: str
    message_id: str | None
    text: str
    extras_json: str | None
    at_ms: int
    delivered_at_ms: int | None
    read_at_ms: int | None
    failed_at_ms: int | None


class FaultRow(NamedTuple):
    customer_id: str
    channel: str
    kind: str
    error_code: str | None
    per_million: int


async def channels_set(tx: Tx, customer_id: str, phones: Sequence[str]) -> dict[str, frozenset[str]]:
    """The channels of handsets that were configured through the API."""
    rows = await tx.fetch(CHANNELS, customer_id=customer_id, phones=phones)
    return {row[0]: _load_channels(row[1]) for row in rows}


async def set_channels(tx: Tx, customer_id: str, phone: str, channels: Collection[str], *, now_ms: int) -> None:
    text = ",".join(sorted(channels))
    await tx.execute(SET_CHANNELS, customer_id=customer_id, phone=phone, channels=text, now_ms=now_ms)


async def list_phones(tx: Tx, customer_id: str, page: Page, *, now_ms: int) -> list[tuple[str, int, int]]:
    """Rows of (phone, messages, time of the last one or 0), latest first, with one more than the page size."""
    rows = await tx.fetch(
        keyset.ordered(LIST, page), customer_id=customer_id, now_ms=now_ms, **keyset.timed_window(page)
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def count_phones(tx: Tx, customer_id: str, *, now_ms: int) -> int:
    return (await tx.fetch(COUNT_PHONES, customer_id=customer_id, now_ms=now_ms))[0][0]


async def count_messages(tx: Tx, customer_id: str, phone: str, *, now_ms: int) -> tuple[int, int | None]:
    """The number of the phone's messages, and the time of the last one."""
    row = (await tx.fetch(FIND, customer_id=customer_id, phone=phone, now_ms=now_ms))[0]
    return row[0], row[1]


async def known(tx: Tx, customer_id: str, ids: Sequence[str]) -> set[str]:
    rows = await tx.fetch(KNOWN, customer_id=customer_id, first_id=min(ids), last_id=max(ids), ids=ids)
    return {row[0] for row in rows}


async def insert_messages(tx: Tx, rows: Sequence[HandsetMessageRow]) -> None:
    await tx.execute_many(INSERT_MESSAGES, rows, distinct=True)


async def count_duplicates(tx: Tx, rows: Sequence[tuple[str, str]]) -> None:
    """Rows of (customer_id, id)."""
    await tx.execute_many(COUNT_DUPLICATES, rows)


async def list_messages(tx: Tx, customer_id: str, phone: str, page: Page, *, now_ms: int) -> list[HandsetMessage]:
    rows = await tx.fetch(
        keyset.ordered(LIST_MESSAGES, page),
        customer_id=customer_id,
        phone=phone,
        now_ms=now_ms,
        **keyset.timed_window(page),
    )
    return [HandsetMessage(*row) for row in rows]


async def fetch_messages(tx: Tx, customer_id: str, ids: Sequence[str]) -> list[HandsetMessage]:
    return [HandsetMessage(*row) for row in await tx.fetch(FETCH_MESSAGES, customer_id=customer_id, ids=ids)]


async def newest(tx: Tx, customer_id: str, phone: str, channel: str, message_id: str | None) -> HandsetMessage | None:
    """The last message that the handset received on the channel, of our message `message_id` if given."""
    row = await fetch_one(tx, NEWEST, customer_id=customer_id, phone=phone, channel=channel, message_id=message_id)
    return HandsetMessage(*row) if row else None


async def note_receipt(tx: Tx, customer_id: str, id: str, kind: ReceiptKind, *, now_ms: int) -> None:
    """Update the times of a message on the handset after a receipt."""
    at_ms = {f"{each.value}_at_ms": now_ms if each is kind else None for each in ReceiptKind}
    await tx.execute(NOTE_RECEIPT, customer_id=customer_id, id=id, **at_ms)


async def faults(tx: Tx, customer_ids: Sequence[str]) -> dict[str, list[DialledFault]]:
    """Faults by customer. Customers without a fault are absent."""
    found: dict[str, list[DialledFault]] = {}
    for row in await tx.fetch(FAULTS, customer_ids=customer_ids):
        found.setdefault(row[0], []).append(DialledFault(row[1], Fault(FaultKind(row[2]), row[3], row[4])))
    return found


async def replace_faults(tx: Tx, customer_id: str, dialled: Sequence[DialledFault]) -> None:
    await tx.execute(FORGET_FAULTS, customer_id=customer_id)
    rows = [
        FaultRow(customer_id, d.channel, d.fault.kind.value, d.fault.error_code, d.fault.per_million) for d in dialled
    ]
    await tx.execute_many(INSERT_FAULTS, rows)


async def forget(tx: Tx, customer_id: str) -> tuple[int, int, int]:
    """Returns how many handsets, messages and faults were deleted."""
    handsets = await tx.execute(FORGET_HANDSETS, customer_id=customer_id)
    messages = await tx.execute(FORGET_MESSAGES, customer_id=customer_id)
    return handsets, messages, await tx.execute(FORGET_FAULTS, customer_id=customer_id)


async def customers(tx: Tx) -> list[str]:
    """Customers with messages, with one index lookup for each."""
    found: list[str] = []
    while customer_id := (await tx.fetch(NEXT_CUSTOMER, after=found[-1] if found else ""))[0][0]:
        found.append(customer_id)
    return found


async def last_surplus(tx: Tx, customer_id: str, *, kept: int) -> str | None:
    """The newest message that is older than the `kept` newest ones."""
    row = await fetch_one(tx, SURPLUS, customer_id=customer_id, kept=kept)
    return row[0] if row else None


async def trim(tx: Tx, customer_id: str, *, last_id: str, count: int) -> int:
    return await tx.execute(TRIM, customer_id=customer_id, last_id=last_id, count=count)


@functools.lru_cache(maxsize=16)
def _load_channels(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()
