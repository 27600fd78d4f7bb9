"""The rules for contacts, and the lookups for sending. Consent belongs to the number, not to the row.

A number with several spellings (kernel.spellings) is one contact with one consent. The given spelling is searched
first, then the others.
"""

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sent_server.accounts import sharing
from sent_server.contacts import identity, shared_contacts, sharing_store, store
from sent_server.contacts.model import Contact, Recipient, channel_text
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import NO_SHARING, SharingScope
from sent_server.kernel import ids, phone, spellings
from sent_server.kernel.channels import SMS, WHATSAPP
from sent_server.kernel.paging import Page
from sent_server.ports.reach import Reach

__all__ = ["Contact", "Recipient"]
ALL = "contacts"
TAKEN = "Contact with this phone number already exists for this customer"


async def for_sending(
    tx: Tx, customer_id: str, numbers: Sequence[str], *, reach: Reach, scope: SharingScope = NO_SHARING, now_ms: int
) -> dict[str, Recipient]:
    """Every number as a recipient, in one statement if all are known, and one more for a profile.

    New ones are not inserted yet. A recipient keeps the requested spelling and has the contact of the person.
    """
    known, unknown = await store.for_sending(tx, customer_id, numbers)
    refused: set[str] = set()
    if scope.consent:
        inherited_ones, refused = await shared_contacts.for_sending(tx, scope, numbers)
        refused |= {number for number, opted_out in unknown.items() if opted_out}
        known += [recipient for number, recipient in inherited_ones.items() if number in unknown]
        unknown = {number: unknown[number] for number in unknown if number not in inherited_ones}
    if unknown:
        # A concurrent request with the same new number waits here and then finds the contact that we create.
        await store.lock(tx, customer_id)
        made_meanwhile, unknown = await store.for_sending(tx, customer_id, list(unknown))
        known += made_meanwhile
        channels = await reach.channels_of(tx, customer_id, list(unknown))
        new_ids = {line: ids.new_id(now_ms) for line in dict.fromkeys(map(spellings.canonical, unknown))}
        known += [
            Recipient(
                new_ids[spellings.canonical(number)],
                number,
                phone.region(number),
                channels[number],
                opted_out,
                is_new=True,
            )
            for number, opted_out in unknown.items()
        ]
    if refused:
        known = [replace(one, opted_out=one.opted_out or one.phone in refused) for one in known]
    return {recipient.phone: recipient for recipient in known}


async def insert_new(tx: Tx, customer_id: str, recipients: Sequence[Recipient], *, now_ms: int) -> None:
    """Insert rows for the new recipients of `for_sending`, in the same transaction, each in its first spelling."""
    recipients = list({r.id: r for r in reversed(recipients)}.values())[::-1]
    rows = [
        store.ContactRow(
            customer_id, r.id, r.phone, r.region_code, channel_text(r.channels), _default_channel(r.channels), now_ms
        )
        for r in recipients
    ]
    await store.insert(tx, rows)
    changes = Counter({ALL: len(recipients)})
    for channels, number in Counter(recipient.channels for recipient in recipients).items():
        changes.update({_counter(channel): number for channel in channels})
    await store.add_to_counts(tx, customer_id, changes)


async def refresh_channels(tx: Tx, customer_id: str, number: str, *, reach: Reach) -> None:
    """Update the channels of a known number after its handset has changed."""
    contact = await store.by_phone(tx, customer_id, number)
    if contact is not None:
        await store.lock(tx, customer_id)
        await store.update(tx, customer_id, await _renumbered(tx, customer_id, contact, number, reach))


async def opted_out(tx: Tx, customer_id: str, numbers: Sequence[str]) -> set[str]:
    """The numbers that opted out, in this or another spelling."""
    scope = await sharing.scope_of(tx, customer_id)
    phones = identity.all_spellings(numbers)
    if scope.consent:
        found = set(await sharing_store.opted_out(tx, (customer_id, *scope.consent), phones))
    else:
        found = await store.opted_out(tx, customer_id, phones)
    return identity.under_any(numbers, found) if found else found


async def opted_out_here(tx: Tx, customer_id: str, number: str) -> bool:
    """Whether this number opted out with this customer itself, not only in its sharing scope."""
    return bool(await store.opted_out(tx, customer_id, identity.all_spellings([number])))


async def opt_out(tx: Tx, customer_id: str, number: str, *, source: str, now_ms: int) -> bool:
    """Returns whether this changed anything. `source` is the origin: `keyword` (the person), `api` or `carrier`."""
    return await store.opt_out(tx, customer_id, number, source=source, now_ms=now_ms)


async def opt_in(tx: Tx, customer_id: str, number: str) -> None:
    """Remove the opt-outs of all spellings."""
    await store.opt_in(tx, customer_id, identity.all_spellings([number]))


async def create(
    tx: Tx, customer_id: str, number: str, *, reach: Reach, scope: SharingScope = NO_SHARING, quota: int, now_ms: int
) -> Contact:
    """Create an own contact, even if an inherited one exists.

    Raises RESOURCE_007 for a known number, BUSINESS_008 when the account is full.
    """
    recipient = (await for_sending(tx, customer_id, [number], reach=reach, now_ms=now_ms))[number]
    if not recipient.is_new:
        raise _taken(number, await get(tx, customer_id, recipient.id, scope))
    if await store.count(tx, customer_id, ALL) >= quota:
        raise ApiError("BUSINESS_008")
    await insert_new(tx, customer_id, [recipient], now_ms=now_ms)
    return await get(tx, customer_id, recipient.id, scope)


async def get(tx: Tx, customer_id: str, contact_id: str, scope: SharingScope = NO_SHARING) -> Contact:
    """Raises RESOURCE_001."""
    contact = await store.by_id(tx, customer_id, contact_id) or await shared_contacts.by_id(tx, scope, contact_id)
    if contact is None:
        raise ApiError("RESOURCE_001")
    return (await _with_consent(tx, customer_id, scope, [contact]))[0]


async def get_by_phone(tx: Tx, customer_id: str, number: str, scope: SharingScope = NO_SHARING) -> Contact:
    """The own contact before an inherited one. Raises RESOURCE_001 with the text of the list's phone filter."""
    phones = identity.all_spellings([number])
    contact = await _first_known(tx, customer_id, phones)
    if contact is None:
        inherited_ones = [await shared_contacts.by_phone(tx, scope, spelling) for spelling in phones]
        contact = next((one for one in inherited_ones if one), None)
    if contact is None:
        raise ApiError("RESOURCE_001", "Contact not found with the specified phone number")
    return (await _with_consent(tx, customer_id, scope, [contact]))[0]


async def ids_of(tx: Tx, customer_id: str, numbers: Sequence[str], scope: SharingScope) -> list[str]:
    """The ids of the own and the inherited contacts with one of these numbers."""
    return await sharing_store.ids_of(tx, (customer_id, *scope.contacts), numbers)


async def list_page(
    tx: Tx,
    customer_id: str,
    page: Page,
    *,
    digits: str | None,
    channel: str | None,
    scope: SharingScope = NO_SHARING,
) -> tuple[list[Contact], int]:
    """A page and the total. Without a filter the time does not depend on the number of contacts."""
    counter = None if digits is not None else _counter(channel) if channel else ALL
    patterns = None
    if digits is not None or channel is not None:
        patterns = {"phone_pattern": f"%{digits or ''}%", "channel_pattern": f"%{channel or ''}%"}
    if scope.contacts:
        found, total = await shared_contacts.list_page(tx, customer_id, scope, page, patterns=patterns, counter=counter)
    else:
        found, total = await _own_page(tx, customer_id, page, patterns, counter)
    return await _with_consent(tx, customer_id, scope, found), total


async def _own_page(
    tx: Tx, customer_id: str, page: Page, patterns: dict[str, str] | None, counter: str | None
) -> tuple[list[Contact], int]:
    if counter is None:
        assert patterns is not None
        found = await store.filtered_page(tx, customer_id, page, **patterns)
        return found, await store.filtered_count(tx, customer_id, **patterns)
    total = await store.count(tx, customer_id, counter)
    if total <= page.offset:  # do not scan everything for a channel that no contact has
        return [], total
    if patterns is None:
        return await store.page(tx, customer_id, page), total
    return await store.filtered_page(tx, customer_id, page, **patterns), total


async def _with_consent(tx: Tx, customer_id: str, scope: SharingScope, found: list[Contact]) -> list[Contact]:
    if not scope.consent and not any(spellings.others(contact.phone) for contact in found):
        return found  # the row's own opt-out is complete
    return await shared_contacts.with_consent(tx, customer_id, scope, found) if found else found


async def _first_known(
    tx: Tx, customer_id: str, phones: Sequence[str], *, besides: str | None = None
) -> Contact | None:
    """The own contact under the first of these spellings that has one. `besides` is the id of a contact to skip."""
    for spelling in phones:
        contact = await store.by_phone(tx, customer_id, spelling)
        if contact is not None and contact.id != besides:
            return contact
    return None


def _taken(number: str, existing: Contact) -> ApiError:
    if existing.phone == number:
        return ApiError("RESOURCE_007", TAKEN)
    same = f"{number} is another spelling of {existing.phone}, which is contact {existing.id}. Use that contact."
    return ApiError("RESOURCE_007", f"{TAKEN}: {existing.phone}", details={"phone_number": [same]})


async def update(
    tx: Tx,
    customer_id: str,
    contact_id: str,
    *,
    default_channel: str | None,
    opt_out: bool | None,
    number: str | None,
    reach: Reach,
    scope: SharingScope = NO_SHARING,
    now_ms: int,
) -> Contact:
    """Change the given fields. None leaves a field unchanged.

    Raises RESOURCE_001, VALIDATION_001 for an inherited contact, RESOURCE_007 when the new number is taken.
    """
    await store.lock(tx, customer_id)
    contact = await _own(tx, customer_id, contact_id, scope, "updated")
    if default_channel is None and opt_out is None and number is None:
        return await get(tx, customer_id, contact_id, scope)
    changed = replace(contact, default_channel=default_channel or contact.default_channel, updated_at_ms=now_ms)
    if number is not None and number != contact.phone:
        existing = await _first_known(tx, customer_id, identity.all_spellings([number]), besides=contact.id)
        if existing is not None:
            raise _taken(number, existing)
        changed = await _renumbered(tx, customer_id, changed, number, reach)
    await store.update(tx, customer_id, changed)
    if opt_out:
        await store.opt_out(tx, customer_id, changed.phone, source="api", now_ms=now_ms)
    elif opt_out is False:
        await opt_in(tx, customer_id, changed.phone)
    return await get(tx, customer_id, contact_id, scope)


async def delete(tx: Tx, customer_id: str, contact_id: str, scope: SharingScope = NO_SHARING) -> None:
    """Raises RESOURCE_001, VALIDATION_001 for an inherited contact. An opt-out stays with the number."""
    await store.lock(tx, customer_id)
    contact = await _own(tx, customer_id, contact_id, scope, "deleted")
    await store.delete(tx, customer_id, contact_id)
    gone = {_counter(channel): -1 for channel in contact.channels}
    await store.add_to_counts(tx, customer_id, {ALL: -1, **gone})


async def _own(tx: Tx, customer_id: str, contact_id: str, scope: SharingScope, what: str) -> Contact:
    contact = await get(tx, customer_id, contact_id, scope)
    if contact.is_inherited:
        raise ApiError("VALIDATION_001", f"This contact is read-only and cannot be {what}.")
    return contact


async def _renumbered(tx: Tx, customer_id: str, contact: Contact, number: str, reach: Reach) -> Contact:
    """The contact with this number and its channels. Updates the counters."""
    channels = (await reach.channels_of(tx, customer_id, [number]))[number]
    changes = Counter({_counter(channel): 1 for channel in channels})
    changes.subtract({_counter(channel): 1 for channel in contact.channels})
    await store.add_to_counts(tx, customer_id, changes)
    return replace(contact, phone=number, region_code=phone.region(number), available_channels=channel_text(channels))


@functools.lru_cache(maxsize=64)
def _default_channel(channels: frozenset[str]) -> str:
    return SMS if SMS in channels or not channels else WHATSAPP


def _counter(channel: str) -> str:
    return f"{ALL}.{channel}"
