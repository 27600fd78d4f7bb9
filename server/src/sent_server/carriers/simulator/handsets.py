"""Handsets, their capabilities and messages, and the fault dial."""

from collections.abc import Mapping, Sequence

from sent_server.carriers.base import Attachment, ReceiptKind
from sent_server.carriers.simulator import behaviour, scheduled_store, store
from sent_server.carriers.simulator.buffer import WriteBuffer
from sent_server.carriers.simulator.model import DialledFault, Handset, HandsetMessage
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids
from sent_server.kernel.channels import Channel
from sent_server.kernel.paging import Page

BY_HAND = 1_000  # the step of a receipt requested through the API; steps of a submit start at 0


async def capabilities(tx: Tx, customer_id: str, phones: Sequence[str]) -> dict[str, frozenset[str]]:
    """The channels of each phone: as set through the API, or else by its number. One statement."""
    by_hand = await store.channels_set(tx, customer_id, phones)
    if not by_hand:
        return {phone: behaviour.capabilities(phone) for phone in phones}
    return {phone: by_hand[phone] if phone in by_hand else behaviour.capabilities(phone) for phone in phones}


async def list_handsets(tx: Tx, customer_id: str, page: Page, *, now_ms: int) -> tuple[list[Handset], int]:
    """The handsets, last used first, with one more than the page size if there are more, and their total."""
    rows = await store.list_phones(tx, customer_id, page, now_ms=now_ms)
    takes = await capabilities(tx, customer_id, [phone for phone, _, _ in rows])
    handsets = [Handset(phone, takes[phone], messages, last_at_ms or None) for phone, messages, last_at_ms in rows]
    return handsets, await store.count_phones(tx, customer_id, now_ms=now_ms)


async def get(tx: Tx, customer_id: str, phone: str, *, now_ms: int) -> Handset:
    """Get a handset. Every number has one, even without messages."""
    takes = await capabilities(tx, customer_id, [phone])
    return Handset(phone, takes[phone], *await store.count_messages(tx, customer_id, phone, now_ms=now_ms))


async def set_capabilities(
    tx: Tx, customer_id: str, phone: str, wanted: Mapping[str, bool | None], *, now_ms: int
) -> Handset:
    """`wanted` maps a channel to whether the handset takes it. None leaves the channel unchanged."""
    takes = set((await capabilities(tx, customer_id, [phone]))[phone])
    for channel, wants in wanted.items():
        if wants is not None:
            (takes.add if wants else takes.discard)(channel)
    await store.set_channels(tx, customer_id, phone, takes, now_ms=now_ms)
    return await get(tx, customer_id, phone, now_ms=now_ms)


async def list_messages(
    tx: Tx, customer_id: str, phone: str, page: Page, *, now_ms: int
) -> tuple[list[HandsetMessage], int]:
    """The messages, newest first, with one more than the page size if there are more, and their total."""
    messages = await store.list_messages(tx, customer_id, phone, page, now_ms=now_ms)
    return messages, (await store.count_messages(tx, customer_id, phone, now_ms=now_ms))[0]


async def confirm(
    tx: Tx,
    customer_id: str,
    phone: str,
    *,
    channel: str,
    message_id: str | None,
    kind: ReceiptKind,
    error_code: str | None,
    now_ms: int,
) -> HandsetMessage:
    """Send a receipt now for a message on the handset, regardless of earlier receipts.

    Raises RESOURCE_003 if the handset has no such message on the channel.
    """
    found = await store.newest(tx, customer_id, phone, channel, message_id)
    if found is None:
        raise ApiError("RESOURCE_003", f"{phone} has received no such message on {channel}")
    code = (error_code or "SIMULATED_FAULT") if kind is ReceiptKind.FAILED else None
    event_id = f"{found.id}.{ids.new_id(now_ms)}"
    due = scheduled_store.Scheduled(now_ms, found.id, BY_HAND, customer_id, event_id, kind.value, code)
    await scheduled_store.insert(tx, [due])
    await store.note_receipt(tx, customer_id, found.id, kind, now_ms=now_ms)
    return (await store.fetch_messages(tx, customer_id, [found.id]))[0]


async def reply(
    tx: Tx,
    customer_id: str,
    phone: str,
    *,
    channel: Channel,
    to: str,
    text: str,
    media: Sequence[Attachment] = (),
    now_ms: int,
) -> HandsetMessage:
    """Write a message from the handset to our number `to`. The network delivers it to the inbox."""
    message_id = ids.new_id(now_ms)
    buffer = WriteBuffer(now_ms)
    buffer.reply(customer_id, message_id, phone, channel, to, text, media=media, at_ms=now_ms)
    await buffer.write(tx)
    return (await store.fetch_messages(tx, customer_id, [message_id]))[0]


async def faults(tx: Tx, customer_id: str) -> list[DialledFault]:
    return (await store.faults(tx, [customer_id])).get(customer_id, [])


async def set_faults(tx: Tx, customer_id: str, dialled: Sequence[DialledFault]) -> list[DialledFault]:
    """Replace all faults of the dial."""
    await store.replace_faults(tx, customer_id, dialled)
    return await faults(tx, customer_id)


async def reset(tx: Tx, customer_id: str) -> tuple[int, int, int]:
    """Delete handsets, messages and faults. Returns how many of each. Scheduled receipts still arrive."""
    await scheduled_store.forget_memories(tx, customer_id)
    return await store.forget(tx, customer_id)
