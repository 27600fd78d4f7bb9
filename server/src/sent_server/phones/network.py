"""The network that runs between our carrier and the handsets: carries messages out and hands what comes back in.

Receipts and replies are rows from the moment of the submit; a row goes only after the inbox has it, so a crash repeats
some (their event ids stay the same) and loses none.
"""

from collections import defaultdict
from collections.abc import Sequence

from sent_server.bus import Bus
from sent_server.carriers.base import Channel, Inbound, Inbox, Receipt, ReceiptKind, Submission
from sent_server.carriers.simulator.adapter import Decide
from sent_server.carriers.simulator.behaviour import Behaviour, reason_of
from sent_server.db import Database, Tx
from sent_server.db.failpoint import failpoint
from sent_server.jobs import Worker
from sent_server.jobs.leases import LeaderLease
from sent_server.kernel.clock import Clock
from sent_server.phones import due_store, store, upkeep
from sent_server.phones.carry import carry
from sent_server.phones.due_store import Due

TOPIC = "phones"
UPKEEP = "phones-upkeep"
POLL_MS = 50
BATCH_DELAY_MS = 20
BATCH = 1_000
LEASE_MS = 2_000


class PhoneNetwork:
    """`carriers.simulator.adapter.Network`, over rows."""

    def __init__(self, database: Database, clock: Clock, bus: Bus) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._telling = LeaderLease(database, clock, TOPIC, lease_ms=LEASE_MS)
        self._keeping_up = LeaderLease(database, clock, UPKEEP, lease_ms=4 * upkeep.EVERY_MS)
        self._workers: list[Worker] = []

    async def carry(self, submissions: Sequence[Submission], decide: Decide) -> Sequence[Behaviour]:
        now_ms = self._clock.now_ms()
        behaviours = await self._database.write(lambda tx: carry(tx, submissions, decide, now_ms=now_ms))
        if any(behaviour.overtakes for behaviour in behaviours):
            self._bus.hint(TOPIC)
        return behaviours

    async def start(self, carrier: str, inbox: Inbox) -> None:
        self._workers = [
            Worker(TOPIC, self._bus, lambda: self.step(carrier, inbox), poll_ms=POLL_MS, batch_delay_ms=BATCH_DELAY_MS),
            Worker(UPKEEP, self._bus, self._keep_up, poll_ms=upkeep.EVERY_MS),
        ]
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        for worker in self._workers:
            await worker.stop()
        await self._telling.release()
        await self._keeping_up.release()

    async def step(self, carrier: str, inbox: Inbox) -> bool:
        """Hand in one portion of what is due."""
        now_ms = self._clock.now_ms()
        due = await self._database.read(lambda tx: due_store.fetch(tx, now_ms=now_ms, count=BATCH))
        if not due or not await self._telling.is_leader():
            return False
        receipts = [item for item in due if item.kind != "reply"]
        replies = [item for item in due if item.kind == "reply"]
        # Apart, so that a reply that the inbox chokes on holds up no receipt.
        if receipts:
            await inbox.receipts(carrier, [_receipt(item) for item in receipts])
            await self._forget(receipts)
        if replies:
            await inbox.inbound(carrier, await self._database.read(lambda tx: _inbound(tx, replies)))
            await self._forget(replies)
        return True

    async def _forget(self, told: Sequence[Due]) -> None:
        failpoint("after_receipts_before_forget")
        await self._database.write(lambda tx: due_store.delete(tx, told))

    async def _keep_up(self) -> bool:
        if not await self._keeping_up.is_leader():
            return False
        return await upkeep.step(self._database, now_ms=self._clock.now_ms())


def _receipt(due: Due) -> Receipt:
    reason = reason_of(due.error_code) if due.error_code else None
    return Receipt(due.event_id, due.ref, ReceiptKind(due.kind), due.error_code, reason)


async def _inbound(tx: Tx, replies: Sequence[Due]) -> list[Inbound]:
    """In the order of `replies`; what a reset has forgotten meanwhile was never said."""
    by_customer: defaultdict[str, list[str]] = defaultdict(list)
    for due in replies:
        by_customer[due.customer_id].append(due.ref)
    said = {
        message.id: message
        for customer_id, ids in sorted(by_customer.items())
        for message in await store.fetch_messages(tx, customer_id, ids)
    }
    return [
        Inbound(due.event_id, Channel(message.channel), message.phone, message.sender, message.text)
        for due in replies
        if (message := said.get(due.ref))
    ]
