"""Cancels a held message. The release or the cancellation wins, never both: they meet at the row of the job."""

from sent_server import events, jobs
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.messages import announce, round_store, store
from sent_server.messages.held import RELEASE
from sent_server.messages.model import AUTOMATIC, MessageEvent, load_contents
from sent_server.messages.round_store import StoredMessage
from sent_server.messages.statuses import CANCELLED, SCHEDULED

CANCELLED_BY_SENDER = "Cancelled by the sender"


async def cancel(tx: Tx, customer_id: str, message_id: str, *, now_ms: int) -> bool:
    """Cancel a message that waits for its time. A repeat changes nothing. Returns whether an event was emitted.

    Raises RESOURCE_003 for an unknown message, BUSINESS_006 for one that does not wait any more.
    """
    # The job first, as a release does: the transaction that holds its row decides.
    await jobs.fences(tx, RELEASE, [message_id])
    found = await round_store.load(tx, [(customer_id, message_id)])
    if not found:
        raise ApiError("RESOURCE_003")
    [message] = found
    if message.status == CANCELLED:
        return False
    if message.status != SCHEDULED:
        problem = f"A message that is {message.status} cannot be cancelled"
        raise ApiError("BUSINESS_006", details={"status": [problem]})
    sequence = message.last_sequence + 1
    await round_store.cancel(tx, customer_id, message_id, last_sequence=sequence, now_ms=now_ms)
    line = MessageEvent(
        customer_id, message_id, sequence, CANCELLED, AUTOMATIC, CANCELLED_BY_SENDER, None, None, now_ms
    )
    await store.insert_events(tx, [line])
    await jobs.finish_waiting(tx, RELEASE, [message_id])
    await round_store.add_held(tx, [(customer_id, -1)])
    interest = await events.interest(tx, [customer_id])
    if not message.callback_url and not interest.wants(customer_id, announce.name_of(CANCELLED)):
        return False
    await events.emit(tx, [_event(message, now_ms)], interest)
    return True


def _event(message: StoredMessage, now_ms: int) -> events.Event:
    content = load_contents(message.contents_json).get(message.channel or "")
    return announce.status_event(
        customer_id=message.customer_id,
        message_id=message.id,
        status=CANCELLED,
        channel=message.channel or AUTOMATIC,
        phone=message.phone,
        sender=None,
        template_id=message.template_id,
        template_name=message.template_name,
        text=content.content if content else None,
        callback_url=message.callback_url,
        reason=None,
        reason_code=None,
        scheduled_at_ms=message.scheduled_at_ms,
        at_ms=now_ms,
    )
