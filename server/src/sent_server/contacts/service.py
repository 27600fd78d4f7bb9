"""The rules of contacts, and the look-ups that sending needs. Consent belongs to the number, not to the row."""

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sent_server.contacts import store
from sent_server.contacts.model import Contact, Recipient, channel_text
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids, phone
from sent_server.kernel.paging import Page
from sent_server.phones import service as phones

__all__ = ["Contact", "Recipient"]
ALL = "contacts"
TAKEN = "Contact with this phone number already exists for this customer"


async def for_sending(tx: Tx, customer_id: str, numbers: Sequence[str], *, now_ms: int) -> dict[str, Recipient]:
    """Every number as a recipient, in one statement when all are known. New ones are not inserted yet."""
    known, unknown = await store.for_sending(tx, customer_id, numbers)
    if unknown:
        # Whoever meets the same new number at the same moment waits here, and then finds the contact that we make.
        await store.lock(tx, customer_id)
        made_meanwhile, unknown = await store.for_sending(tx, customer_id, list(unknown))
        known += made_meanwhile
        reachable = await phones.capabilities(tx, customer_id, list(unknown))
        known += [
            Recipient(ids.new_id(now_ms), number, phone.region(number), reachable[number], opted_out, is_new=True)
            for number, opted_out in unknown.items()
        ]
    return {recipient.phone: recipient for recipient in known}


async def insert_new(tx: Tx, customer_id: str, recipients: Sequence[Recipient], *, now_ms: int) -> None:
    """Give the new ones of `for_sending`, in the same transaction, their rows."""
    rows = [
        (customer_id, r.id, r.phone, r.region_code, channel_text(r.channels), _default_channel(r.channels), now_ms)
        for r in recipients
    ]
    await store.insert(tx, rows)
    changes = Counter({ALL: len(recipients)})
    for channels, number in Counter(recipient.channels for recipient in recipients).items():
        changes.update({_counter(channel): number for channel in channels})
    await store.add_to_counts(tx, customer_id, changes)


async def refresh_channels(tx: Tx, customer_id: str, number: str) -> None:
    """Look again at what a known number can receive, after its handset has changed."""
    contact = await store.by_phone(tx, customer_id, number)
    if contact is not None:
        await store.lock(tx, customer_id)
        await store.update(tx, customer_id, await _renumbered(tx, customer_id, contact, number))


async def opted_out(tx: Tx, customer_id: str, numbers: Sequence[str]) -> set[str]:
    return await store.opted_out(tx, customer_id, numbers)


async def opt_out(tx: Tx, customer_id: str, number: str, *, source: str, now_ms: int) -> None:
    """`source` says who asked: `keyword` (the person) or `api`. A second time changes nothing."""
    await store.opt_out(tx, customer_id, number, source=source, now_ms=now_ms)


async def opt_in(tx: Tx, customer_id: str, number: str) -> None:
    await store.opt_in(tx, customer_id, number)


async def create(tx: Tx, customer_id: str, number: str, *, quota: int, now_ms: int) -> Contact:
    """Raises RESOURCE_007 for a known number, BUSINESS_008 when the account is full."""
    recipient = (await for_sending(tx, customer_id, [number], now_ms=now_ms))[number]
    if not recipient.is_new:
        raise ApiError("RESOURCE_007", TAKEN)
    if await store.count(tx, customer_id, ALL) >= quota:
        raise ApiError("BUSINESS_008")
    await insert_new(tx, customer_id, [recipient], now_ms=now_ms)
    return await get(tx, customer_id, recipient.id)


async def get(tx: Tx, customer_id: str, contact_id: str) -> Contact:
    """Raises RESOURCE_001."""
    contact = await store.by_id(tx, customer_id, contact_id)
    if contact is None:
        raise ApiError("RESOURCE_001")
    return contact


async def get_by_phone(tx: Tx, customer_id: str, number: str) -> Contact:
    """Raises RESOURCE_001 with the words of the list's phone filter."""
    contact = await store.by_phone(tx, customer_id, number)
    if contact is None:
        raise ApiError("RESOURCE_001", "Contact not found with the specified phone number")
    return contact


async def list_page(
    tx: Tx, customer_id: str, page: Page, *, digits: str | None, channel: str | None
) -> tuple[list[Contact], int]:
    """A page and the total. Without a filter both are as fast for ten million contacts as for ten."""
    total = await store.count(tx, customer_id, _counter(channel) if channel else ALL)
    if total <= page.offset and digits is None:  # do not look through everything for a channel that nobody has
        return [], total
    if digits is None and channel is None:
        return await store.page(tx, customer_id, page), total
    patterns = {"phone_pattern": f"%{digits or ''}%", "channel_pattern": f"%{channel or ''}%"}
    found = await store.filtered_page(tx, customer_id, page, **patterns)
    if digits is None:
        return found, total
    return found, await store.filtered_count(tx, customer_id, **patterns)


async def update(
    tx: Tx,
    customer_id: str,
    contact_id: str,
    *,
    default_channel: str | None,
    opt_out: bool | None,
    number: str | None,
    now_ms: int,
) -> Contact:
    """Change what is given; None leaves it. Raises RESOURCE_001, RESOURCE_007 when the new number is taken."""
    await store.lock(tx, customer_id)
    contact = await get(tx, customer_id, contact_id)
    if default_channel is None and opt_out is None and number is None:
        return contact
    changed = replace(contact, default_channel=default_channel or contact.default_channel, updated_at_ms=now_ms)
    if number is not None and number != contact.phone:
        if await store.by_phone(tx, customer_id, number):
            raise ApiError("RESOURCE_007", TAKEN)
        changed = await _renumbered(tx, customer_id, changed, number)
    await store.update(tx, customer_id, changed)
    if opt_out:
        await store.opt_out(tx, customer_id, changed.phone, source="api", now_ms=now_ms)
    elif opt_out is False:
        await store.opt_in(tx, customer_id, changed.phone)
    return await get(tx, customer_id, contact_id)


async def delete(tx: Tx, customer_id: str, contact_id: str) -> None:
    """Raises RESOURCE_001. An opt-out stays with the number."""
    await store.lock(tx, customer_id)
    contact = await get(tx, customer_id, contact_id)
    await store.delete(tx, customer_id, contact_id)
    gone = {_counter(channel): -1 for channel in contact.channels}
    await store.add_to_counts(tx, customer_id, {ALL: -1, **gone})


async def _renumbered(tx: Tx, customer_id: str, contact: Contact, number: str) -> Contact:
    """The contact with this number and what it can receive; the counters follow."""
    channels = (await phones.capabilities(tx, customer_id, [number]))[number]
    changes = Counter({_counter(channel): 1 for channel in channels})
    changes.subtract({_counter(channel): 1 for channel in contact.channels})
    await store.add_to_counts(tx, customer_id, changes)
    return replace(contact, phone=number, region_code=phone.region(number), available_channels=channel_text(channels))


@functools.lru_cache(maxsize=64)
def _default_channel(channels: frozenset[str]) -> str:
    return "sms" if "sms" in channels or not channels else "whatsapp"


def _counter(channel: str) -> str:
    return f"{ALL}.{channel}"
