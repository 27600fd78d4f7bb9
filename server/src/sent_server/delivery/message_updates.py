"""Applies a set of outcomes, receipts or timeouts to messages: collects first, then runs one statement per table."""

from collections.abc import Mapping, Sequence

from sent_server import events, jobs
from sent_server.carriers.reasons import TABLE
from sent_server.contacts import service as contacts
from sent_server.db import Tx
from sent_server.delivery import store as delivery_store
from sent_server.delivery.failures import Failure
from sent_server.delivery.message_state import MessageState
from sent_server.delivery.store import MessageUpdateRow
from sent_server.events.names import OPT_OUT
from sent_server.jobs import Job, MoveRow, WaitingMoveRow
from sent_server.kernel import timestamps
from sent_server.kernel.channels import LABELS
from sent_server.kernel.values import value_object
from sent_server.ledger import model as entries
from sent_server.ledger import service as ledger
from sent_server.messages import announce, statuses, store
from sent_server.messages.lifecycle import RANK, LifecycleStep, on_started, settles
from sent_server.messages.model import AUTOMATIC, MessageEvent, PlannedLeg, queue_key
from sent_server.messages.store import ActiveContactRow
from sent_server.messages.topics import dispatch_to
from sent_server.routing import plan as routing

RECEIPT_TIMEOUT = "receipt_timeout"
DESCRIPTIONS: Mapping[str, str] = {
    statuses.PROCESSED: "Message processed and queued for sending",
    statuses.ROUTED: "Message routed to {channel}",
    statuses.SENT: "Message sent via {channel}",
    statuses.DELIVERED: "Message delivered to recipient",
    statuses.READ: "Message read by recipient",
}


@value_object
class _Announced:
    """An event for receivers, and the leg that it is about."""

    subject: MessageState
    status: str
    channel: str
    leg: int
    failure: Failure | None


class MessageUpdates:
    """Collects changes of messages within one transaction. `write` executes them."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.hints: set[str] = set()
        self._touched: dict[str, MessageState] = {}
        self._history: list[MessageEvent] = []
        self._announced: list[_Announced] = []
        self._transfers: list[entries.Transfer] = []
        self._not_active: list[ActiveContactRow] = []
        self._stopped: dict[tuple[str, str], tuple[MessageState, PlannedLeg]] = {}
        self._newly_stopped: list[tuple[MessageState, PlannedLeg]] = []
        self._finished: list[Job] = []
        self._moved: list[MoveRow] = []
        self._waiting_finished: list[str] = []
        self._waiting_moved: list[WaitingMoveRow] = []

    def start_leg(self, subject: MessageState, *, why: str | None = None) -> None:
        """Record that the current leg is about to be submitted for the first time. `why`: how the last leg ended.

        The first leg of an automatic choice mentions the channels that were skipped because of their text.
        """
        step = on_started(subject.progress)
        if step.status is None:
            return
        self._show(subject, step.shown)
        leg = subject.planned_leg
        if why is None and subject.leg == 0:
            why = _passed_over(subject)
        routed = DESCRIPTIONS[statuses.ROUTED].format(channel=LABELS[leg.channel])
        if RANK[statuses.PROCESSED] > RANK[subject.status]:
            self._record(subject, statuses.PROCESSED, subject.leg, DESCRIPTIONS[statuses.PROCESSED])
        self._record(
            subject, statuses.ROUTED, subject.leg, f"{why}; routed to {LABELS[leg.channel]}" if why else routed
        )

    def apply(
        self, subject: MessageState, step: LifecycleStep, *, failure: Failure | None = None, job: Job | None = None
    ) -> None:
        """Apply a step of the lifecycle. `job` is the leased job of the message, if the caller holds one.

        `failure` is why the current leg ended. It is required for a FAILED, FILTERED or BLOCKED step.
        """
        if failure and TABLE[failure.reason].suppresses == "contact":
            self._stopped[(subject.customer_id, subject.phone)] = (subject, subject.planned_leg)
        if step.next_leg is not None:
            subject.leg = step.next_leg
            self._touched[subject.id] = subject
            self._dispatch(subject, job)
        match step.status:
            case None:
                return
            case statuses.FAILED | statuses.FILTERED | statuses.BLOCKED as status:
                assert failure is not None
                self._fail(subject, step, status, failure)
                self._finish(subject, job)
            case statuses.READ | statuses.DELIVERED as status:
                self._show(subject, step.shown)
                was = subject.status
                subject.status = status
                self._charge(subject)
                if status == statuses.READ and RANK[was] < RANK[statuses.DELIVERED]:
                    self._record(subject, statuses.DELIVERED, subject.shown, DESCRIPTIONS[statuses.DELIVERED])
                self._record(subject, status, subject.shown, DESCRIPTIONS[status])
                self._finish(subject, job)
            case status:
                self._show(subject, step.shown)
                subject.status = status
                self._charge(subject)
                channel = LABELS[subject.plan.legs[subject.shown].channel]
                self._record(subject, status, subject.shown, DESCRIPTIONS[status].format(channel=channel))

    def wait_for_receipt(self, job: Job, timeout_ms: int) -> None:
        self._moved.append(MoveRow(RECEIPT_TIMEOUT, jobs.SINGLE_QUEUE, self.now_ms + timeout_ms, job.id, job.fence))

    def retry(self, job: Job, after_ms: int) -> None:
        self._moved.append(MoveRow(job.kind, job.queue_key, self.now_ms + after_ms, job.id, job.fence))

    def drop(self, job: Job) -> None:
        """Finish a job whose message needs no more work."""
        self._finished.append(job)

    async def write(self, tx: Tx) -> None:
        touched: Sequence[MessageState] = sorted(self._touched.values(), key=lambda subject: subject.id)
        await delivery_store.update(tx, [self._row(subject) for subject in touched])
        await store.insert_events(tx, self._history)
        await store.forget_active_contacts(tx, self._not_active)
        for (customer_id, phone), signal in sorted(self._stopped.items(), key=lambda one: one[0]):
            if await contacts.opt_out(tx, customer_id, phone, source="carrier", now_ms=self.now_ms):
                self._newly_stopped.append(signal)
        await jobs.move_keyed(tx, self._moved)
        await jobs.finish(tx, self._finished)
        await jobs.finish_waiting(tx, RECEIPT_TIMEOUT, self._waiting_finished)
        await jobs.move_waiting(tx, self._waiting_moved)
        await self._announce(tx)
        # Last, because an account's balance is one row: changing it blocks other transactions until the commit.
        await ledger.transfer(tx, self._transfers, now_ms=self.now_ms)

    def _show(self, subject: MessageState, leg: int | None) -> None:
        if leg is not None:
            subject.channel = subject.plan.legs[leg].channel

    def _fail(self, subject: MessageState, step: LifecycleStep, status: str, failure: Failure) -> None:
        ended_leg, was_taken = subject.leg, subject.status == statuses.SENT
        # Before the first leg has started, there is no leg to show. The channel remains as requested.
        if subject.channel is not None:
            self._show(subject, step.shown)
        subject.status = status
        subject.reason_code, subject.reason = failure.reason_code, failure.explanation
        if was_taken:
            self._charge(subject)
        else:
            self._give_back(subject)
        description = failure.description(of_shown_leg=subject.shown == ended_leg)
        self._record(subject, status, subject.shown, description, failure)

    def _record(
        self, subject: MessageState, status: str, leg: int, description: str | None, failure: Failure | None = None
    ) -> None:
        """Add a line of history about one leg, and its event. The status only rises."""
        if RANK[status] > RANK[subject.status]:
            subject.status = status
        subject.last_sequence += 1
        self._touched[subject.id] = subject
        planned = subject.plan.legs[leg]
        channel = AUTOMATIC if subject.channel is None else planned.channel
        # A leg that is not shown has its planned price. The shown leg has the message's price.
        price_micros, active_micros = subject.price_micros, subject.active_contact_price_micros
        if failure is None and (price_micros is None or leg != subject.shown):
            price_micros, active_micros = planned.price_micros, active_micros or 0
        line = MessageEvent(
            subject.customer_id, subject.id, subject.last_sequence, status, channel, description,
            price_micros, active_micros, self.now_ms,
        )  # fmt: skip
        self._history.append(line)
        if status in announce.ANNOUNCED:
            self._announced.append(_Announced(subject, status, channel, leg, failure))

    def _give_back(self, subject: MessageState) -> None:
        """Release the price. A message that no carrier took is free, and its contact does not count as active."""
        if subject.active_contact_price_micros:
            month = timestamps.month(subject.created_at_ms)
            self._not_active.append(ActiveContactRow(subject.customer_id, month, subject.contact_id, subject.id))
            subject.active_contact_price_micros = 0
        subject.price_micros = None
        if subject.settled_at_ms is None:
            self._settle(subject, 0)

    def _charge(self, subject: MessageState) -> None:
        """Charge the price of the shown leg. After settlement it can fall once and can never rise."""
        price_micros = subject.plan.legs[subject.shown].price_micros
        active_micros = subject.active_contact_price_micros = subject.active_contact_price_micros or 0
        if subject.settled_at_ms is None:
            subject.price_micros = price_micros
            if settles(subject.progress):
                self._settle(subject, price_micros + active_micros)
            return
        charged_micros = subject.price_micros or 0
        if price_micros < charged_micros and not subject.refunded_micros:
            subject.price_micros = price_micros
            subject.refunded_micros = charged_micros - price_micros
            ref = entries.round_ref(subject.id, subject.round)
            self._transfers.append(entries.refund(subject.ledger_id, ref, subject.refunded_micros))

    def _settle(self, subject: MessageState, cost_micros: int) -> None:
        """Capture the cost from the hold and release the rest. Happens once per round."""
        subject.settled_at_ms = self.now_ms
        rest_micros = subject.held_micros - cost_micros
        ref = entries.round_ref(subject.id, subject.round)
        if cost_micros:
            self._transfers.append(entries.capture(subject.ledger_id, ref, cost_micros))
        if rest_micros:
            self._transfers.append(entries.release(subject.ledger_id, ref, rest_micros))

    def _dispatch(self, subject: MessageState, job: Job | None) -> None:
        leg = subject.planned_leg
        kind, own_queue_key = dispatch_to(leg.carrier), queue_key(subject.customer_id, leg.sender)
        self.hints.add(kind)
        if job is None:
            self._waiting_moved.append(WaitingMoveRow(kind, own_queue_key, self.now_ms, subject.id, RECEIPT_TIMEOUT))
        else:
            self._moved.append(MoveRow(kind, own_queue_key, self.now_ms, job.id, job.fence))

    def _finish(self, subject: MessageState, job: Job | None) -> None:
        if job is None:
            self._waiting_finished.append(subject.id)
        else:
            self._finished.append(job)

    def _row(self, subject: MessageState) -> MessageUpdateRow:
        return MessageUpdateRow(
            status=subject.status,
            channel=subject.channel,
            leg=subject.leg,
            settled_at_ms=subject.settled_at_ms,
            price_micros=subject.price_micros,
            active_contact_price_micros=subject.active_contact_price_micros,
            refunded_micros=subject.refunded_micros,
            last_sequence=subject.last_sequence,
            updated_at_ms=self.now_ms,
            reason_code=subject.reason_code,
            reason=subject.reason,
            customer_id=subject.customer_id,
            id=subject.id,
        )

    async def _announce(self, tx: Tx) -> None:
        if not self._announced:
            return
        interest = await events.interest(tx, sorted({one.subject.customer_id for one in self._announced}))
        wanted = [
            announce.status_event(
                customer_id=one.subject.customer_id,
                message_id=one.subject.id,
                status=one.status,
                channel=one.channel,
                phone=one.subject.phone,
                sender=one.subject.plan.legs[one.leg].sender,
                template_id=one.subject.template_id,
                template_name=one.subject.template_name,
                text=one.subject.text_of(one.leg),
                callback_url=one.subject.callback_url,
                reason=one.failure.explanation if one.failure else None,
                reason_code=one.failure.reason_code if one.failure else None,
                at_ms=self.now_ms,
            )
            for one in self._announced
            if one.subject.callback_url or interest.wants(one.subject.customer_id, announce.name_of(one.status))
        ]
        wanted += [
            announce.consent_event(
                customer_id=subject.customer_id,
                name=OPT_OUT,
                contact_id=subject.contact_id,
                message_id=subject.id,
                template_id=subject.template_id,
                channel=leg.channel,
                phone=subject.phone,
                sender=leg.sender,
                opted_out=True,
                at_ms=self.now_ms,
            )
            for subject, leg in self._newly_stopped
            if interest.wants(subject.customer_id, OPT_OUT)
        ]
        if wanted:
            await events.emit(tx, wanted, interest)
            self.hints.add(events.TOPIC)


def _passed_over(subject: MessageState) -> str | None:
    found = routing.passed_over(subject.plan.judgements)
    return "; ".join(f"{LABELS[one.channel]} was passed over: {one.reason}" for one in found) or None
