"""Sends a message again: the same id, recipient, channel and content, in another round that is checked and charged."""

from sent_server import jobs
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.reply import Reply
from sent_server.ledger import model as entries
from sent_server.ledger import service as ledger
from sent_server.messages import accept, round_store, store, wire
from sent_server.messages.model import load_plans
from sent_server.messages.round_store import StoredMessage
from sent_server.messages.rounds import Started, StartRounds
from sent_server.messages.statuses import BLOCKED, DELIVERED, FAILED, READ, SENT

ALLOWED = frozenset({DELIVERED, READ, FAILED, BLOCKED})
# A message that is SENT for so long may be sent again although a receipt may still arrive.
SENT_FOR_MS = 15 * 60_000
TOO_EARLY = "A message that is SENT can be sent again after 15 minutes without a receipt"
IS_REPLY = "An automatic reply cannot be sent again"


async def send_again(
    tx: Tx, rounds: StartRounds, customer_id: str, message_id: str, *, now_ms: int
) -> tuple[Reply, Started]:
    """Start another round. Raises RESOURCE_003 for an unknown message, BUSINESS_006 if its state does not allow it."""
    # A job of the last round may still exist: a receipt that is awaited, or a leg that is not wanted any more. Its row
    # is locked before the message, as workers do.
    await jobs.lock(tx, [message_id])
    found = await round_store.load(tx, [(customer_id, message_id)])
    if not found:
        raise ApiError("RESOURCE_003")
    [message] = found
    await _check(tx, message, now_ms=now_ms)
    await _settle(tx, message, now_ms=now_ms)
    started = await rounds.send_again(tx, message, now_ms=now_ms)
    await jobs.replace(tx, started.work)
    if not started.work:
        await jobs.drop(tx, [message_id])
    return _reply(message, started), started


async def _check(tx: Tx, message: StoredMessage, *, now_ms: int) -> None:
    problem = None
    if message.status == SENT:
        sent_at_ms = max(
            line.at_ms for line in await store.events(tx, message.customer_id, message.id) if line.status == SENT
        )
        problem = TOO_EARLY if now_ms - sent_at_ms < SENT_FOR_MS else None
    elif message.status not in ALLOWED:
        problem = f"A message that is {message.status} cannot be sent again"
    if problem is None and load_plans(message.plans_json)[message.plan_number].is_system:
        problem = IS_REPLY
    if problem:
        raise ApiError("BUSINESS_006", details={"status": [problem]})


def _reply(message: StoredMessage, started: Started) -> Reply:
    """As for a send. A message that is refused now has no price."""
    text = price_micros = None
    if message.id in started.drafts:
        group, drafted = started.drafts[message.id]
        legs = drafted.route.plan.legs
        text = accept.text_of(group, drafted)
        price_micros = legs[0].price_micros if legs and message.channel else None
    row = (message.id, message.phone, message.channel, text, price_micros)
    return Reply(202, wire.accepted(message.template_id, message.template_name, [row], message.scheduled_at_ms))


async def _settle(tx: Tx, message: StoredMessage, *, now_ms: int) -> None:
    """Charge the last round for what it shows, if it still waited for a receipt, and release the rest of its hold."""
    if message.settled_at_ms is not None or not message.held_micros:
        return
    cost_micros = (message.price_micros or 0) + (message.active_contact_price_micros or 0)
    ref = entries.round_ref(message.id, message.round)
    await ledger.transfer(
        tx,
        [
            entries.capture(message.ledger_id, ref, cost_micros),
            entries.release(message.ledger_id, ref, message.held_micros - cost_micros),
        ],
        now_ms=now_ms,
    )
