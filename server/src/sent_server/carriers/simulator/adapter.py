"""The simulated carrier for all three channels. `behaviour` decides, and a `Network` of handsets executes."""

import asyncio
from typing import Protocol

from sent_server.carriers.base import Accepted, Inbox, Submission, SubmitOutcome, Traits
from sent_server.carriers.simulator.behaviour import Behaviour, receipt_timeout_ms

NAME = "simulator"
OVERTAKEN_S = 0.15


class Network(Protocol):
    """The network of handsets. `submit` returns once its receipts and replies are durable. Their ref is the attempt."""

    async def submit(self, submission: Submission) -> Behaviour: ...

    async def start(self, carrier: str, inbox: Inbox) -> None: ...

    async def stop(self) -> None: ...


class Simulator:
    """A `carriers.base.Carrier`. The attempt's id is the reference, so a repeated submit gets the same one."""

    name = NAME
    traits = Traits(takes_idempotency_key=True)

    def __init__(self, network: Network, messages_per_second: int | None = None) -> None:
        self._network = network
        self.messages_per_second = messages_per_second

    async def submit(self, submission: Submission) -> SubmitOutcome:
        behaviour = await self._network.submit(submission)
        if behaviour.overtakes:
            await asyncio.sleep(OVERTAKEN_S)
        return behaviour.refusal or Accepted(submission.attempt_id, receipt_timeout_ms(submission.recipient))

    async def start(self, inbox: Inbox) -> None:
        await self._network.start(self.name, inbox)

    async def stop(self) -> None:
        await self._network.stop()
