"""The network between our carrier and the handsets: takes messages, and reports receipts and replies.

Receipts and replies are stored as rows at the time of the submit. A row is deleted only after the inbox has accepted
it, so a crash repeats some (with the same event ids) and loses none.
"""

from collections import defaultdict
from collections.abc import Sequence

from sent_server.bus import Bus
from sent_server.carriers.base import Inbound, Inbox, Receipt, ReceiptKind, Submission
from sent_server.carriers.simulator import retention, scheduled_store, store, submit
from sent_server.carriers.simulator.behaviour import Behaviour, reason_of
from sent_server.carriers.simulator.scheduled_store import Scheduled
from sent_server.db import Database, Tx
from sent_server.db.failpoint import failpoint
from sent_server.jobs import Worker
from sent_server.jobs.leases import LeaderLease
from sent_server.kernel.channels import Channel
from sent_server.kernel.clock import Clock

TOPIC = "phones"
RETENTION = "phones-upkeep"
POLL_MS = 50
BATCH_DELAY_MS = 20
BATCH = 1_000
LEASE_MS = 2_000


class PhoneNetwork:
    """A `carriers.simulator.adapter.Network` that is stored in the database."""

    def __init__(self, database: Database, clock: Clock, bus: Bus) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._reporter_lease = LeaderLease(database, clock, TOPIC, lease_ms=LEASE_MS)
        self._retention_lease = LeaderLease(database, clock, RETENTION, lease_ms=4 * retention.EVERY_MS)
        self._workers: list[Worker] = []

    async def submit(self, submission: Submission) -> Behaviour:
        """Submit a message. Concurrent submits share one transaction."""
        behaviour = await self._database.write_batched(self._submit_batch, submission)
        if behaviour.overtakes:
            self._bus.hint(TOPIC)
        return behaviour

    async def start(self, carrier: str, inbox: Inbox) -> None:
        self._workers = [
            Worker(TOPIC, self._bus, lambda: self.step(carrier, inbox), poll_ms=POLL_MS, batch_delay_ms=BATCH_DELAY_MS),
            Worker(RETENTION, self._bus, self._apply_retention, poll_ms=retention.EVERY_MS),
        ]
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        for worker in self._workers:
            await worker.stop()
        await self._reporter_lease.release()
        await self._retention_lease.release()

    async def step(self, carrier: str, inbox: Inbox) -> bool:
        """Deliver one batch of due receipts and replies to the inbox."""
        now_ms = self._clock.now_ms()
        due = await self._database.read(lambda tx: scheduled_store.fetch(tx, now_ms=now_ms, count=BATCH))
        if not due or not await self._reporter_lease.is_leader():
            return False
        receipts = [item for item in due if item.kind != "reply"]
        replies = [item for item in due if item.kind == "reply"]
        # Separately, so that a reply that the inbox cannot accept does not delay receipts.
        if receipts:
            await inbox.receipts(carrier, [_receipt(item) for item in receipts])
            await self._forget(receipts)
        if replies:
            await inbox.inbound(carrier, await self._database.read(lambda tx: _inbound(tx, replies)))
            await self._forget(replies)
        return True

    async def _submit_batch(self, tx: Tx, submissions: Sequence[Submission]) -> Sequence[Behaviour]:
        return await submit.submit(tx, submissions, now_ms=self._clock.now_ms())

    async def _forget(self, reported: Sequence[Scheduled]) -> None:
        failpoint("after_receipts_before_forget")
        await self._database.write(lambda tx: scheduled_store.delete(tx, reported))

    async def _apply_retention(self) -> bool:
        if not await self._retention_lease.is_leader():
            return False
        return await retention.step(self._database, now_ms=self._clock.now_ms())


def _receipt(due: Scheduled) -> Receipt:
    reason = reason_of(due.error_code) if due.error_code else None
    return Receipt(due.event_id, due.ref, ReceiptKind(due.kind), due.error_code, reason)


async def _inbound(tx: Tx, replies: Sequence[Scheduled]) -> list[Inbound]:
    """The messages of `replies`, in order, without those that a reset has deleted since."""
    by_customer: defaultdict[str, list[str]] = defaultdict(list)
    for due in replies:
        by_customer[due.customer_id].append(due.ref)
    said = {
        message.id: message
        for customer_id, ids in sorted(by_customer.items())
        for message in await store.fetch_messages(tx, customer_id, ids)
    }
    return [
        Inbound(
            due.event_id, Channel(message.channel), message.phone, message.sender, message.text, media=message.media
        )
        for due in replies
        if (message := said.get(due.ref))
    ]
