"""What handsets can receive and have received, what people write at them, and the fault dial."""

from collections.abc import Mapping, Sequence

from sent_server.carriers.base import Channel, ReceiptKind
from sent_server.carriers.simulator import behaviour, scheduled_store, store
from sent_server.carriers.simulator.buffer import WriteBuffer
from sent_server.carriers.simulator.model import DialledFault, Handset, HandsetMessage
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids
from sent_server.kernel.paging import Page

BY_HAND = 1_000  # the step of a receipt that somebody asked for; those of a submit count from 0


async def capabilities(tx: Tx, customer_id: str, phones: Sequence[str]) -> dict[str, frozenset[str]]:
    """The channels that each phone takes: what was set by hand, else what its number says. One statement."""
    by_hand = await store.channels_set(tx, customer_id, phones)
    if not by_hand:
        return {phone: behaviour.capabilities(phone) for phone in phones}
    return {phone: by_hand[phone] if phone in by_hand else behaviour.capabilities(phone) for phone in phones}


async def list_handsets(tx: Tx, customer_id: str, page: Page, *, now_ms: int) -> tuple[list[Handset], int]:
    """One more than the page holds, if there is more, and the total. The last used comes first."""
    rows = await store.list_phones(tx, customer_id, page, now_ms=now_ms)
    takes = await capabilities(tx, customer_id, [phone for phone, _, _ in rows])
    handsets = [Handset(phone, takes[phone], messages, last_at_ms or None) for phone, messages, last_at_ms in rows]
    return handsets, await store.count_phones(tx, customer_id, now_ms=now_ms)


async def get(tx: Tx, customer_id: str, phone: str, *, now_ms: int) -> Handset:
    """Every number has a handset, also one that nobody has written to yet."""
    takes = await capabilities(tx, customer_id, [phone])
    return Handset(phone, takes[phone], *await store.count_messages(tx, customer_id, phone, now_ms=now_ms))


async def set_capabilities(
    tx: Tx, customer_id: str, phone: str, wanted: Mapping[str, bool | None], *, now_ms: int
) -> Handset:
    """`wanted` maps a channel to whether the handset takes it; None leaves it."""
    takes = set((await capabilities(tx, customer_id, [phone]))[phone])
    for channel, wants in wanted.items():
        if wants is not None:
            (takes.add if wants else takes.discard)(channel)
    await store.set_channels(tx, customer_id, phone, takes, now_ms=now_ms)
    return await get(tx, customer_id, phone, now_ms=now_ms)


async def list_messages(
    tx: Tx, customer_id: str, phone: str, page: Page, *, now_ms: int
) -> tuple[list[HandsetMessage], int]:
    """Newest first, one more than the page holds, if there is more, and the total."""
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
    """The network sends a receipt now for a message that the handset got, whatever it has said of it before.

    Raises RESOURCE_003 when the handset got no such message on the channel.
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
    tx: Tx, customer_id: str, phone: str, *, channel: Channel, to: str, text: str, now_ms: int
) -> HandsetMessage:
    """A person at the handset writes to our number `to`; the network hands it in."""
    message_id = ids.new_id(now_ms)
    buffer = WriteBuffer(now_ms)
    buffer.reply(customer_id, message_id, phone, channel, to, text, at_ms=now_ms)
    await buffer.write(tx)
    return (await store.fetch_messages(tx, customer_id, [message_id]))[0]


async def faults(tx: Tx, customer_id: str) -> list[DialledFault]:
    return (await store.faults(tx, [customer_id])).get(customer_id, [])


async def set_faults(tx: Tx, customer_id: str, dialled: Sequence[DialledFault]) -> list[DialledFault]:
    """Replace the whole dial."""
    await store.replace_faults(tx, customer_id, dialled)
    return await faults(tx, customer_id)


async def reset(tx: Tx, customer_id: str) -> tuple[int, int, int]:
    """Forget handsets, messages and faults, and say how many of each. Receipts on their way still arrive."""
    await scheduled_store.forget_memories(tx, customer_id)
    return await store.forget(tx, customer_id)
