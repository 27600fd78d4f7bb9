"""Stores carriers' receipts, matches them by reference and applies them through the lifecycle, in sets."""

from collections.abc import Mapping, Sequence, Set

from sent_server.carriers import reasons
from sent_server.carriers.base import Receipt, ReceiptKind
from sent_server.db import Tx
from sent_server.delivery import attempt_store, failures, receipt_store, store
from sent_server.delivery.attempt_store import AttemptStateRow
from sent_server.delivery.failures import Failure
from sent_server.delivery.message_state import MessageState
from sent_server.delivery.message_updates import MessageUpdates
from sent_server.delivery.receipt_store import AttemptRef, ReceiptRow
from sent_server.kernel.values import value_object
from sent_server.messages import attempt_states
from sent_server.messages.lifecycle import LEG_RANK, on_receipt

STATE_OF: Mapping[ReceiptKind, str] = {
    ReceiptKind.DELIVERED: attempt_states.DELIVERED,
    ReceiptKind.READ: attempt_states.READ,
    ReceiptKind.FAILED: attempt_states.FAILED,
}


@value_object
class ReceivedReceipts:
    carrier: str
    receipts: Sequence[Receipt]
    now_ms: int


@value_object
class AppliedReceipts:
    """The topics to hint after the commit, and the messages with receipts."""

    hints: Set[str]
    message_ids: Set[str]


NOTHING_APPLIED = AppliedReceipts(frozenset(), frozenset())


async def take_receipts(tx: Tx, commands: Sequence[ReceivedReceipts]) -> Sequence[Set[str]]:
    """Store and apply receipts. A receipt that precedes the response to its submit is parked."""
    return [(await _take(tx, received)).hints for received in commands]


async def _take(tx: Tx, received: ReceivedReceipts) -> AppliedReceipts:
    matches = await receipt_store.find_refs(tx, received.carrier, [receipt.ref for receipt in received.receipts])
    rows = [
        ReceiptRow(
            carrier=received.carrier,
            event_id=receipt.event_id,
            ref=receipt.ref,
            kind=receipt.kind.value,
            error_code=receipt.error_code,
            reason=receipt.reason,
            received_at_ms=received.now_ms,
            applied_at_ms=received.now_ms if receipt.ref in matches else None,
        )
        for receipt in received.receipts
    ]
    await receipt_store.insert(tx, rows)
    return await _apply(tx, received.receipts, matches, received.now_ms)


async def match_parked(tx: Tx, carrier: str, refs: Sequence[str], *, now_ms: int) -> AppliedReceipts:
    """Apply receipts that arrived before the response to their submit."""
    if not refs:
        return NOTHING_APPLIED
    parked = await receipt_store.parked(tx, carrier, refs)
    if not parked:
        return NOTHING_APPLIED
    matches = await receipt_store.find_refs(tx, carrier, [receipt.ref for receipt in parked])
    applied = [receipt.event_id for receipt in parked if receipt.ref in matches]
    await receipt_store.mark_applied(tx, carrier, applied, now_ms=now_ms)
    return await _apply(tx, parked, matches, now_ms)


async def _apply(tx: Tx, receipts: Sequence[Receipt], matches: dict[str, AttemptRef], now_ms: int) -> AppliedReceipts:
    found = await store.load(tx, [(match.customer_id, match.message_id) for match in matches.values()])
    changes = MessageUpdates(now_ms)
    raised: list[AttemptStateRow] = []
    for receipt in receipts:
        match = matches.get(receipt.ref)
        if match is None or match.message_id not in found:
            continue
        subject = found[match.message_id]
        state = STATE_OF[receipt.kind]
        leg = match.leg - subject.first_leg
        failure = _failure(receipt, subject, leg) if receipt.kind is ReceiptKind.FAILED else None
        reason, detail = (failure.reason, failure.sentence) if failure else (None, None)
        key = match.customer_id, match.message_id, match.leg, match.attempt
        raised.append(AttemptStateRow(state, receipt.error_code, reason, detail, now_ms, *key, LEG_RANK[state]))
        falls_back = failure is None or reasons.falls_back(failure.reason, subject.category)
        step = on_receipt(subject.progress, leg=leg, kind=state, falls_back=falls_back)
        changes.apply(subject, step, failure=failure)
    await attempt_store.raise_state(tx, raised)
    await changes.write(tx)
    return AppliedReceipts(changes.hints, found.keys())


def _failure(receipt: Receipt, subject: MessageState, leg: int) -> Failure:
    # The plan of an earlier round is gone, and with it the channel of its leg.
    return failures.undelivered(receipt, subject.plan.legs[leg].channel if leg >= 0 else None)
