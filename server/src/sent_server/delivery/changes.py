"""What a set of outcomes, receipts or timeouts does to messages: collected first, then one statement per table."""

from collections.abc import Sequence

from sent_server import events, jobs
from sent_server.db import Tx
from sent_server.db.database import Row
from sent_server.delivery.subject import Subject
from sent_server.jobs import Job
from sent_server.kernel import timestamps
from sent_server.ledger import model as entries
from sent_server.ledger import service as ledger
from sent_server.messages import announce, store
from sent_server.messages.accept import DISPATCH
from sent_server.messages.lifecycle import RANK, Step
from sent_server.messages.model import AUTOMATIC, lane

RECEIPT_TIMEOUT = "receipt_timeout"
LABELS = {"sms": "SMS", "whatsapp": "WhatsApp", "rcs": "RCS"}
DESCRIPTIONS = {
    "PROCESSED": "Message processed and queued for sending",
    "ROUTED": "Message routed to {channel}",
    "SENT": "Message sent via {channel}",
    "DELIVERED": "Message delivered to recipient",
    "READ": "Message read by recipient",
}
UPDATE = """
    UPDATE messages
    SET status = :status, channel = :channel, leg = :leg, settled_at_ms = :settled_at_ms,
        price_micros = :price_micros, active_contact_price_micros = :active_contact_price_micros,
        last_sequence = :last_sequence, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
# Receipts hold no lease; they may only touch a job that still waits for one.
FINISH_WAITING = """
    DELETE FROM jobs
    WHERE id = :id AND kind = 'receipt_timeout'
"""
MOVE_WAITING = """
    UPDATE jobs
    SET kind = :kind, lane = :lane, due_at_ms = :due_at_ms, fence = fence + 1
    WHERE id = :id AND kind = 'receipt_timeout'
"""


class Changes:
    """Collects changes of messages within one transaction; `write` carries them out."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.hints: set[str] = set()
        self._touched: dict[str, Subject] = {}
        self._history: list[Row] = []
        self._told: list[tuple[Subject, str, str, str | None]] = []
        self._transfers: list[entries.Transfer] = []
        self._not_active: list[Row] = []
        self._finished: list[Job] = []
        self._moved: list[tuple[str, str, int, str, int]] = []
        self._waiting_finished: list[tuple[str]] = []
        self._waiting_moved: list[tuple[str, str, int, str]] = []

    def route(self, subject: Subject) -> None:
        """The current leg is about to be submitted."""
        leg = subject.planned_leg
        subject.channel = leg.channel
        if subject.settled_at_ms is None:
            subject.price_micros = leg.price_micros
            subject.active_contact_price_micros = subject.active_contact_price_micros or 0
        self._touched[subject.id] = subject
        for status in ("PROCESSED", "ROUTED"):
            if RANK[status] > RANK[subject.status]:
                self._record(subject, status, DESCRIPTIONS[status].format(channel=LABELS[leg.channel]))

    def apply(self, subject: Subject, step: Step, *, reason: str | None = None, job: Job | None = None) -> None:
        """Carry out what the lifecycle decided. `job` is the leased job of the message, if the caller holds one."""
        if step.next_leg is not None:
            subject.leg = step.next_leg
            self._touched[subject.id] = subject
            self._dispatch(subject, job)
        match step.status:
            case None:
                return
            case "FAILED":
                self._record(subject, "FAILED", reason)
                self._give_back(subject)
                self._finish(subject, job)
            case "READ" | "DELIVERED" as status:
                self._charge(subject)
                if status == "READ" and RANK[subject.status] < RANK["DELIVERED"]:
                    self._record(subject, "DELIVERED", DESCRIPTIONS["DELIVERED"])
                self._record(subject, status, DESCRIPTIONS[status])
                self._finish(subject, job)
            case status:
                self._charge(subject)
                self._record(subject, status, DESCRIPTIONS[status].format(channel=LABELS[subject.channel or "sms"]))

    def note_fallback(self, subject: Subject) -> None:
        """A later leg went out: a line of history without a new status, so nobody is told."""
        self._write_line(subject, subject.status, DESCRIPTIONS["SENT"].format(channel=LABELS[subject.channel or "sms"]))

    def wait_for_receipt(self, job: Job, timeout_ms: int) -> None:
        self._moved.append((RECEIPT_TIMEOUT, jobs.ONE_LANE, self.now_ms + timeout_ms, job.id, job.fence))

    def retry(self, job: Job, after_ms: int) -> None:
        self._moved.append((job.kind, job.lane, self.now_ms + after_ms, job.id, job.fence))

    def drop(self, job: Job) -> None:
        """Nothing is left to do for this job."""
        self._finished.append(job)

    async def write(self, tx: Tx) -> None:
        touched: Sequence[Subject] = sorted(self._touched.values(), key=lambda subject: subject.id)
        await tx.execute_many(UPDATE, [self._row(subject) for subject in touched], distinct=True)
        await store.insert_events(tx, self._history)
        await store.forget_active_contacts(tx, self._not_active)
        await jobs.move_to_lanes(tx, self._moved)
        await jobs.finish(tx, self._finished)
        await tx.execute_many(FINISH_WAITING, self._waiting_finished)
        await tx.execute_many(MOVE_WAITING, self._waiting_moved)
        await self._announce(tx)
        # Last: an account's balance is one row, and whoever changes it holds up the others until the commit.
        await ledger.transfer(tx, self._transfers, now_ms=self.now_ms)

    def _record(self, subject: Subject, status: str, description: str | None) -> None:
        subject.status = status
        self._write_line(subject, status, description)
        if status in announce.ANNOUNCED:
            channel = subject.channel or AUTOMATIC
            self._told.append((subject, status, channel, description if status == "FAILED" else None))

    def _write_line(self, subject: Subject, status: str, description: str | None) -> None:
        subject.last_sequence += 1
        self._touched[subject.id] = subject
        self._history.append((
            subject.customer_id, subject.id, subject.last_sequence, status, subject.channel or AUTOMATIC, description,
            subject.price_micros, subject.active_contact_price_micros, self.now_ms,
        ))  # fmt: skip

    def _give_back(self, subject: Subject) -> None:
        """A message that no carrier took costs nothing, and its contact does not count as active."""
        if subject.settled_at_ms is None and subject.active_contact_price_micros:
            month = timestamps.month(subject.created_at_ms)
            self._not_active.append((subject.customer_id, month, subject.contact_id, subject.id))
        self._settle(subject, 0)

    def _charge(self, subject: Subject) -> None:
        self._settle(subject, (subject.price_micros or 0) + (subject.active_contact_price_micros or 0))

    def _settle(self, subject: Subject, price_micros: int) -> None:
        """Once per message: capture what it costs from the hold, and release the rest."""
        if subject.settled_at_ms is not None:
            return
        subject.settled_at_ms = self.now_ms
        rest = subject.held_micros - price_micros
        if price_micros:
            self._transfers.append(entries.capture(subject.ledger_id, subject.id, price_micros))
        if rest:
            self._transfers.append(entries.release(subject.ledger_id, subject.id, rest))

    def _dispatch(self, subject: Subject, job: Job | None) -> None:
        leg = subject.planned_leg
        kind, own_lane = DISPATCH + leg.carrier, lane(subject.customer_id, leg.sender)
        self.hints.add(kind)
        if job is None:
            self._waiting_moved.append((kind, own_lane, self.now_ms, subject.id))
        else:
            self._moved.append((kind, own_lane, self.now_ms, job.id, job.fence))

    def _finish(self, subject: Subject, job: Job | None) -> None:
        if job is None:
            self._waiting_finished.append((subject.id,))
        else:
            self._finished.append(job)

    def _row(self, subject: Subject) -> Row:
        return (
            subject.status, subject.channel, subject.leg, subject.settled_at_ms, subject.price_micros,
            subject.active_contact_price_micros, subject.last_sequence, self.now_ms, subject.customer_id, subject.id,
        )  # fmt: skip

    async def _announce(self, tx: Tx) -> None:
        if not self._told:
            return
        interest = await events.interest(tx, list({subject.customer_id for subject, *_ in self._told}))
        wanted = [
            announce.status_event(
                customer_id=subject.customer_id,
                message_id=subject.id,
                status=status,
                channel=channel,
                phone=subject.phone,
                sender=subject.plan.legs[min(subject.leg, subject.legs - 1)].sender if subject.legs else None,
                template_id=subject.template_id,
                template_name=subject.template_name,
                callback_url=subject.callback_url,
                reason=reason,
                at_ms=self.now_ms,
            )
            for subject, status, channel, reason in self._told
            if subject.callback_url or interest.wants(subject.customer_id, announce.name_of(status))
        ]
        if wanted:
            await events.emit(tx, wanted, interest)
            self.hints.add(events.TOPIC)
