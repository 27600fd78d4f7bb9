"""The inbox to which carriers deliver receipts and inbound messages."""

from collections.abc import Sequence, Set

from sent_server.bus import Bus
from sent_server.carriers import limits
from sent_server.carriers.base import Inbound, Receipt
from sent_server.db import Database
from sent_server.delivery import inbound as inbound_messages
from sent_server.delivery.receipts import ReceivedReceipts, take_receipts
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object
from sent_server.ports.reach import Reach


@value_object
class DurableInbox:
    """The `carriers.base.Inbox` of the engine. Methods return once the data is durable."""

    database: Database
    clock: Clock
    bus: Bus
    reach: Reach
    sms_max_segments: int = limits.SMS_SEGMENTS

    async def receipts(self, carrier: str, receipts: Sequence[Receipt]) -> None:
        received = ReceivedReceipts(carrier, receipts, self.clock.now_ms())
        self._hint(await self.database.write_batched(take_receipts, received, weight=len(receipts)))

    async def inbound(self, carrier: str, messages: Sequence[Inbound]) -> None:
        now_ms = self.clock.now_ms()
        self._hint(
            await self.database.write(
                lambda tx: inbound_messages.take(
                    tx, carrier, messages, reach=self.reach, now_ms=now_ms, sms_max_segments=self.sms_max_segments
                )
            )
        )

    def _hint(self, topics: Set[str]) -> None:
        for topic in topics:
            self.bus.hint(topic)
