"""Reads messages for people: one with all that belongs to it, the first one, and counts of the newest."""

from collections.abc import Mapping, Sequence

from sent_server.db import Tx
from sent_server.kernel import ids
from sent_server.kernel.values import value_object
from sent_server.messages import reading_store, store
from sent_server.messages.model import Batch, Message, MessageEvent
from sent_server.messages.reading_store import EndedMessage

__all__ = ["EndedMessage", "MessageHistory", "counts", "ended", "first", "one"]

# Counts read at most this many rows, so that they take as long with a million messages as with ten thousand.
MOST = 2_500


@value_object
class MessageHistory:
    message: Message
    batch: Batch
    events: Sequence[MessageEvent]


async def one(tx: Tx, customer_id: str, message_id: str) -> MessageHistory | None:
    message = await store.find(tx, customer_id, message_id)
    batch = await store.find_batch(tx, customer_id, message.batch_id) if message else None
    if message is None or batch is None:
        return None
    return MessageHistory(message, batch, await store.events(tx, customer_id, message_id))


async def first(tx: Tx, customer_id: str) -> MessageHistory | None:
    """The oldest message of the account."""
    message_id = await reading_store.first_id(tx, customer_id)
    return await one(tx, customer_id, message_id) if message_id else None


async def counts(tx: Tx, customer_id: str, *, since_ms: int) -> Mapping[str, int]:
    """The number of messages by status since then, of the newest `MOST`."""
    return await reading_store.newest_by_status(tx, customer_id, since_id=_id_at(since_ms), most=MOST)


async def ended(tx: Tx, customer_id: str, statuses: Sequence[str], *, since_ms: int, count: int) -> list[EndedMessage]:
    """The newest messages with one of these statuses, of the newest `MOST`."""
    return await reading_store.newest_with_status(
        tx, customer_id, list(statuses), since_id=_id_at(since_ms), most=MOST, count=count
    )


def _id_at(at_ms: int) -> str:
    """Ids order by their creation. The first 13 characters are the millisecond."""
    return ids.new_id(at_ms)[:13]
