"""Contacts and consent that a profile inherits: it can read them and send to them, but not change them."""

from collections.abc import Sequence
from dataclasses import replace

from sent_server.contacts import identity, sharing_store
from sent_server.contacts.model import Contact, Recipient
from sent_server.contacts.store import to_recipient
from sent_server.db import Tx
from sent_server.http.caller import SharingScope
from sent_server.kernel.paging import Page


async def for_sending(tx: Tx, scope: SharingScope, numbers: Sequence[str]) -> tuple[dict[str, Recipient], set[str]]:
    """The inherited contacts among `numbers`, and the numbers that opted out in the scope. One statement.

    Both include all spellings of the numbers.
    """
    found: dict[str, tuple[int, str]] = {}
    opted_out: set[str] = set()
    phones = identity.all_spellings(numbers)
    for phone, owner, text, opted_out_at_ms in await sharing_store.for_sending(tx, scope.consent, phones):
        if opted_out_at_ms is not None:
            opted_out.add(phone)
        if text is None or owner not in scope.contacts:
            continue
        place = scope.contacts.index(owner)
        if phone not in found or place < found[phone][0]:
            found[phone] = place, text
    picked = {number: identity.pick(number, found) for number in numbers}
    recipients = {number: to_recipient(number, one[1], opted_out=False) for number, one in picked.items() if one}
    return recipients, identity.under_any(numbers, opted_out)


async def by_id(tx: Tx, scope: SharingScope, contact_id: str) -> Contact | None:
    found = await sharing_store.by_id(tx, scope.contacts, contact_id) if scope.contacts else None
    return replace(found, is_inherited=True) if found else None


async def by_phone(tx: Tx, scope: SharingScope, number: str) -> Contact | None:
    found = await sharing_store.by_phone(tx, scope.contacts, number) if scope.contacts else None
    return replace(found, is_inherited=True) if found else None


async def list_page(
    tx: Tx, customer_id: str, scope: SharingScope, page: Page, *, patterns: dict[str, str] | None, counter: str | None
) -> tuple[list[Contact], int]:
    """The own and the inherited contacts, merged. Without `counter` the total is counted row by row."""
    owners = (customer_id, *scope.contacts)
    if counter is None:
        assert patterns is not None
        total = await sharing_store.filtered_count(tx, owners, **patterns)
    else:
        total = await sharing_store.total(tx, owners, counter)
    if total <= page.offset:
        return [], total
    if patterns is None:
        rows = await sharing_store.page(tx, owners, page)
    else:
        rows = await sharing_store.filtered_page(tx, owners, page, **patterns)
    return [replace(contact, is_inherited=owner != customer_id) for owner, contact in rows], total


async def with_consent(tx: Tx, customer_id: str, scope: SharingScope, contacts: Sequence[Contact]) -> list[Contact]:
    """The contacts with the consent that applies to this profile: an opt-out in its scope is an opt-out."""
    owners = (customer_id, *scope.consent)
    phones = sorted(identity.all_spellings(contact.phone for contact in contacts))
    opted_out = await sharing_store.opted_out(tx, owners, phones)
    return [replace(one, opted_out_at_ms=identity.earliest(one.phone, opted_out)) for one in contacts]
