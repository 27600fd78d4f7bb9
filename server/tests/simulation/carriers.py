"""Carriers and handsets beyond the process: they take messages, refuse, lose answers, and send receipts in any order.

`smpp` knows no idempotency key, as an SMSC; `cloud` takes one, as an HTTP provider.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sent_server.carriers.base import (
    Accepted,
    Channel,
    Inbound,
    Inbox,
    Later,
    Receipt,
    ReceiptKind,
    Rejected,
    Submission,
    SubmitOutcome,
    Traits,
    Unknown,
)
from sent_server.db import StorageUnavailableError
from simulation.scheduler import Process, VirtualLoop
from simulation.storage import Storage
from simulation.trace import Trace

ACKNOWLEDGE_WITHIN_S = 5.0
HANGS_S = 40.0


class CarrierBrokeError(Exception):
    """What a carrier's own library might raise."""


@dataclass(frozen=True)
class Arrival:
    """A message that reached a handset."""

    carrier: str
    attempt_id: str
    message_id: str
    channel: str


class Exchange:
    """Everything behind all carriers. It lives in the world: killing a process does not stop it."""

    def __init__(self, loop: VirtualLoop, storage: Storage, trace: Trace, seed: int) -> None:
        self.faulty = True
        self.arrivals: list[Arrival] = []
        self.submitted: Counter[tuple[str, str]] = Counter()
        # (carrier, ref) -> kinds of receipts that an inbox has taken
        self.acknowledged: defaultdict[tuple[str, str], set[ReceiptKind]] = defaultdict(set)
        self.wrong: list[str] = []
        self.inboxes: list[tuple[Process, Inbox]] = []
        self.under_way = 0
        self.hangs = 0.03
        # (carrier, attempt) that were not answered in a way that ends them: only these may be asked again.
        self.unanswered: set[tuple[str, str]] = set()
        self.on_rest: Callable[[], None] = lambda: None
        self._answers: dict[tuple[str, str], SubmitOutcome] = {}
        self._loop = loop
        self._storage = storage
        self._trace = trace
        self._random = random.Random(f"exchange {seed}")

    async def submit(self, carrier: "SimulatedCarrier", submission: Submission) -> SubmitOutcome:
        """Called in a process; from here on it happens whether that process lives or not."""
        await asyncio.sleep(self._random.uniform(0.0, 0.003))
        answer: asyncio.Future[SubmitOutcome] = self._loop.create_future()
        self._loop.spawn(None, self._serve(carrier, submission, answer))
        return await answer

    def says(self, carrier: str, phone: str, sender: str, channel: Channel, text: str) -> None:
        """A person writes to one of our numbers."""
        event_id = f"in-{self._random.getrandbits(40):010x}"
        message = Inbound(event_id, channel, phone, sender, text)
        self._trace.count("carrier: inbound")
        self._hand_in(lambda inbox: inbox.inbound(carrier, [message]), self._random.uniform(0, 1), event_id)

    async def _serve(
        self, carrier: "SimulatedCarrier", submission: Submission, answer: asyncio.Future[SubmitOutcome]
    ) -> None:
        outcome = self._take(carrier, submission)
        luck = self._random.random() if self.faulty else 1.0
        await asyncio.sleep(self._random.uniform(0.002, 0.05) if luck > 0.1 else self._random.uniform(0.05, 4.0))
        key = (carrier.name, submission.attempt_id)
        if luck < self.hangs + 0.015 or isinstance(outcome, Unknown | Later):
            self.unanswered.add(key)
        if luck < self.hangs:
            self._trace.count("carrier: hung")
            await asyncio.sleep(HANGS_S)
        if answer.done():
            return
        if luck < self.hangs + 0.015:
            self._trace.count("carrier: broke")
            answer.set_exception(CarrierBrokeError("simulated"))
        else:
            answer.set_result(outcome)

    def _take(self, carrier: "SimulatedCarrier", submission: Submission) -> SubmitOutcome:
        key = (carrier.name, submission.attempt_id)
        self.submitted[key] += 1
        if not self._attempt_row(submission):
            self.wrong.append(f"{submission.attempt_id} was submitted without its attempt row")
        if self.submitted[key] > 1:
            if not carrier.traits.takes_idempotency_key:
                self.wrong.append(f"{submission.attempt_id} was submitted twice to {carrier.name}")
            elif known := self._answers.get(key):
                self._trace.count("carrier: asked again")
                return known
        outcome = self._decide(submission)
        self._note(f"{carrier.name} {submission.attempt_id} -> {type(outcome).__name__}")
        return outcome

    def _decide(self, submission: Submission) -> SubmitOutcome:
        luck = self._random.random() if self.faulty else 1.0
        if luck < 0.05:
            self._trace.count("carrier: rejected")
            return Rejected("30007", "simulated")
        if luck < 0.10:
            self._trace.count("carrier: later")
            return Later(self._random.randrange(200, 3_000), "simulated")
        if luck < 0.14:
            self._trace.count("carrier: answered 5xx")
            return Unknown("500")
        ref = f"ref-{submission.attempt_id}"
        carrier = "smpp" if submission.channel in (Channel.SMS, Channel.MMS) else "cloud"
        self._answers[(carrier, submission.attempt_id)] = Accepted(ref)
        self.arrivals.append(Arrival(carrier, submission.attempt_id, submission.message_id, submission.channel.value))
        self._play(carrier, ref, submission.channel)
        if luck < 0.19:
            self._trace.count("carrier: took it, answer lost")
            return Unknown("simulated: the answer was lost")
        return Accepted(ref)

    def _play(self, carrier: str, ref: str, channel: Channel) -> None:
        """What the handset will tell, and when."""
        luck = self._random.random() if self.faulty else 0.5
        if luck < 0.06:
            self._trace.count("receipt: never")
            return
        late_s = self._random.uniform(50, 130) if luck < 0.12 else 0.0
        if late_s:
            self._trace.count("receipt: late")
        kinds = [ReceiptKind.DELIVERED]
        if luck < 0.18:
            kinds = [ReceiptKind.FAILED]
        elif luck < 0.22:
            self._trace.count("receipt: contradictory")
            kinds = [ReceiptKind.DELIVERED, ReceiptKind.FAILED]
        elif channel not in (Channel.SMS, Channel.MMS) and self._random.random() < 0.5:
            kinds.append(ReceiptKind.READ)
        receipts = [Receipt(f"{ref}.{kind.value}", ref, kind) for kind in kinds]
        if self.faulty and self._random.random() < 0.25:
            self._trace.count("receipt: twice")
            again = self._random.choice(receipts)
            receipts.append(again if self._random.random() < 0.5 else Receipt(f"{again.event_id}.2", ref, again.kind))
        if self.faulty and self._random.random() < 0.4:
            self._random.shuffle(receipts)
        while receipts:
            count = self._random.randint(1, len(receipts))
            together, receipts = receipts[:count], receipts[count:]
            # From 0: the receipt may overtake the answer to the submit.
            after_s = late_s + (self._random.uniform(0, 0.1) if self._random.random() < 0.3 else
                                self._random.uniform(0.1, 6.0))  # fmt: skip
            self._hand_in(self._telling(carrier, together), after_s, f"{ref} {[r.kind.value for r in together]}")

    def _telling(self, carrier: str, receipts: Sequence[Receipt]) -> Callable[[Inbox], Awaitable[None]]:
        async def tell(inbox: Inbox) -> None:
            await inbox.receipts(carrier, receipts)
            for receipt in receipts:
                self.acknowledged[(carrier, receipt.ref)].add(receipt.kind)

        return tell

    def _hand_in(self, tell: Callable[[Inbox], Awaitable[None]], after_s: float, what: str) -> None:
        self.under_way += 1
        self._loop.spawn(None, self._until_taken(tell, after_s, what))

    async def _until_taken(self, tell: Callable[[Inbox], Awaitable[None]], after_s: float, what: str) -> None:
        await asyncio.sleep(after_s)
        while True:
            alive = [(process, inbox) for process, inbox in self.inboxes if process.alive]
            if alive:
                process, inbox = self._random.choice(alive)
                self._note(f"{what} to {process.name}")
                asked = self._loop.spawn(process, _quietly(tell, inbox))
                await asyncio.wait({asked}, timeout=ACKNOWLEDGE_WITHIN_S)
                if asked.done() and asked.exception():
                    self.wrong.append(f"{what}: the inbox raised {asked.exception()!r}")
                    break
                if asked.done() and asked.result():
                    if self.faulty and self._random.random() < 0.05:
                        self._trace.count("receipt: acknowledgement lost")
                    else:
                        break
            await asyncio.sleep(self._random.uniform(0.5, 2.0))
        self.under_way -= 1
        self.on_rest()

    def _attempt_row(self, submission: Submission) -> bool:
        leg, attempt = submission.attempt_id.rsplit("-", 2)[1:]
        found = self._storage.query(
            "SELECT 1 FROM attempts WHERE customer_id = ? AND message_id = ? AND leg = ? AND attempt = ?",
            submission.customer_id, submission.message_id, int(leg), int(attempt),
        )  # fmt: skip
        return bool(found)

    def _note(self, what: str) -> None:
        self._trace.note(self._loop.now_ms, "network", what)


async def _quietly(tell: Callable[[Inbox], Awaitable[None]], inbox: Inbox) -> bool:
    """Whether the inbox took it; what went wrong there is logged there or seen by the checks."""
    try:
        await tell(inbox)
    except StorageUnavailableError:
        return False
    return True


class SimulatedCarrier:
    """`carriers.base.Carrier`: one process's client of the exchange."""

    def __init__(self, exchange: Exchange, process: Process, name: str, *, takes_idempotency_key: bool) -> None:
        self.name = name
        self.messages_per_second: int | None = None
        self.traits = Traits(takes_idempotency_key=takes_idempotency_key)
        self._exchange = exchange
        self._process = process

    async def submit(self, submission: Submission) -> SubmitOutcome:
        return await self._exchange.submit(self, submission)

    async def start(self, inbox: Inbox) -> None: ...

    async def stop(self) -> None: ...
