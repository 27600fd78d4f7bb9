"""The simulated carrier for all three channels: `behaviour` decides, a `Network` of handsets carries it out."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from sent_server.carriers.base import Accepted, Inbox, Submission, SubmitOutcome
from sent_server.carriers.simulator.behaviour import Behaviour, Circumstances, decide, receipt_timeout_ms

NAME = "simulator"
OVERTAKEN_S = 0.15

Decide = Callable[[Submission, Circumstances], Behaviour]


class Network(Protocol):
    """Where handsets live. `submit` returns once everything that follows is durable; receipts name the attempt."""

    async def submit(self, submissions: Sequence[Submission], decide: Decide) -> Sequence[Behaviour]: ...

    async def start(self, carrier: str, inbox: Inbox) -> None: ...

    async def stop(self) -> None: ...


class Simulator:
    """`carriers.base.Carrier`. The attempt's id is the reference, so asking again gets the same one."""

    name = NAME
    takes_idempotency_key = True

    def __init__(self, network: Network, messages_per_second: int | None = None) -> None:
        self._network = network
        self.messages_per_second = messages_per_second

    async def submit(self, submissions: Sequence[Submission]) -> Sequence[SubmitOutcome]:
        behaviours = await self._network.submit(submissions, decide)
        if any(behaviour.overtakes for behaviour in behaviours):
            await asyncio.sleep(OVERTAKEN_S)
        return [
            behaviour.refusal or Accepted(submission.attempt_id, receipt_timeout_ms(submission.recipient))
            for submission, behaviour in zip(submissions, behaviours, strict=True)
        ]

    async def start(self, inbox: Inbox) -> None:
        await self._network.start(self.name, inbox)

    async def stop(self) -> None:
        await self._network.stop()
