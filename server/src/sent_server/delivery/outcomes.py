"""Records the outcomes of submits, in batches."""

from collections.abc import Sequence
from typing import assert_never

from sent_server import jobs
from sent_server.carriers import reasons
from sent_server.carriers.base import Accepted, Later, Rejected, SubmitOutcome, Unknown
from sent_server.db import Tx
from sent_server.delivery import attempt_store, failures, receipt_store, receipts, store
from sent_server.delivery.attempt_store import AttemptResultRow
from sent_server.delivery.message_updates import MessageUpdates
from sent_server.delivery.prepare import RETRIED_WHEN_UNKNOWN, PreparedSubmission
from sent_server.delivery.receipt_store import CarrierRefRow
from sent_server.kernel.values import value_object
from sent_server.messages import attempt_states
from sent_server.messages.lifecycle import on_leg_failed, on_submitted
from sent_server.messages.topics import dispatch_to
from sent_server.outbound import Backoff

UNKNOWN_BACKOFF = Backoff.linear(1_000, steps=30)


@value_object
class SubmitResults:
    """The outcomes of a batch of submissions to one carrier, in order.

    `may_ask_again`: the carrier accepts an idempotency key, so a submit without a response can be retried safely.
    """

    carrier: str
    may_ask_again: bool
    pairs: Sequence[tuple[PreparedSubmission, SubmitOutcome]]
    receipt_timeout_ms: int
    now_ms: int


async def record_outcomes(tx: Tx, commands: Sequence[SubmitResults]) -> Sequence[set[str]]:
    """Write attempts, references, message states, transfers and timers. Returns the topics to hint after the commit."""
    return [await _record(tx, answered) for answered in commands]


async def _record(tx: Tx, answered: SubmitResults) -> set[str]:
    now_ms = answered.now_ms
    kind = dispatch_to(answered.carrier)
    # A job that already waits for its receipt was recorded by an earlier commit whose response was lost.
    fences = await jobs.fences(tx, kind, [p.job.id for p, _ in answered.pairs])
    ours = [(p, outcome) for p, outcome in answered.pairs if fences.get(p.job.id) == p.job.fence]
    found = await store.load(tx, [(p.job.customer_id, p.job.id) for p, _ in ours])
    changes = MessageUpdates(now_ms)
    rows: list[AttemptResultRow] = []
    refs: list[CarrierRefRow] = []
    for p, outcome in ours:
        subject = found[p.job.id]
        state, ref, code, reason, detail = attempt_states.SENT, None, None, None, None
        match outcome:
            case Accepted():
                ref = outcome.ref
                refs.append(CarrierRefRow(answered.carrier, ref, subject.customer_id, subject.id, p.leg, p.attempt))
                changes.wait_for_receipt(p.job, max(answered.receipt_timeout_ms, outcome.receipt_timeout_ms or 0))
                changes.apply(subject, on_submitted(subject.progress), job=p.job)
            case Rejected():
                state, code, reason = attempt_states.REJECTED, outcome.code, outcome.reason
                failure = failures.rejected(outcome, p.submission.channel)
                detail = failure.sentence
                falls_back = reasons.falls_back(reason, p.category)
                step = on_leg_failed(subject.progress, leg=p.leg - subject.first_leg, falls_back=falls_back)
                changes.apply(subject, step, failure=failure, job=p.job)
            case Unknown():
                state, code = attempt_states.UNKNOWN, outcome.reason[:200]
                if answered.may_ask_again or p.category in RETRIED_WHEN_UNKNOWN:
                    changes.retry(p.job, UNKNOWN_BACKOFF.delay_ms(p.job.fence))
                else:
                    changes.wait_for_receipt(p.job, answered.receipt_timeout_ms)
            case Later():
                state, code = attempt_states.LATER, outcome.reason[:200]
                changes.retry(p.job, outcome.after_ms)
            case _:
                assert_never(outcome)
        key = subject.customer_id, subject.id, p.leg, p.attempt
        rows.append(AttemptResultRow(state, ref, code, reason, detail, now_ms, *key))
    await attempt_store.record(tx, rows)
    await receipt_store.insert_refs(tx, refs)
    await changes.write(tx)
    # An SMSC may send the receipt before the response to the submit. Such receipts are parked until now.
    parked = await receipts.match_parked(tx, answered.carrier, [row.ref for row in refs], now_ms=now_ms)
    return changes.hints | parked.hints
