"""The carriers of one process, each with a dispatcher."""

import asyncio

from sent_server.carriers.base import Carrier
from sent_server.delivery.dispatch import Dispatcher
from sent_server.delivery.inbox import DurableInbox
from sent_server.jobs import Worker
from sent_server.messages.topics import dispatch_to
from sent_server.parts import Parts

BATCH_DELAY_MS = 10


class DeliveryEngine:
    """The `parts.Service` that runs the carriers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._dispatchers = [
            Dispatcher(parts.database, parts.clock, parts.bus, carrier, _receipt_timeout_ms(parts, carrier))
            for carrier in parts.carriers
        ]
        self._workers = [
            Worker(dispatch_to(one.carrier.name), parts.bus, one.step, batch_delay_ms=BATCH_DELAY_MS)
            for one in self._dispatchers
        ]

    async def start(self) -> None:
        parts = self._parts
        inbox = DurableInbox(parts.database, parts.clock, parts.bus, parts.reach, parts.settings.sms_max_segments)
        for carrier in parts.carriers:
            await carrier.start(inbox)
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for dispatcher in self._dispatchers:
            await dispatcher.stop()
        for carrier in self._parts.carriers:
            await carrier.stop()


def _receipt_timeout_ms(parts: Parts, carrier: Carrier) -> int:
    return parts.receipt_timeouts_ms.get(carrier.name, parts.settings.receipt_timeout_ms)
