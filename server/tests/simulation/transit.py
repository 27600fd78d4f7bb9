"""The bus between the processes: hints arrive late, at one process or all, or never."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence

from simulation.scheduler import Process, VirtualLoop
from simulation.trace import Trace

# Polls this far apart look after what is days old; whatever happened, nobody need wait for them.
SELDOM_MS = 10_000
LONGEST_STRETCHED_MS = 3_000
CARELESS = -1


class Broker:
    """All that travels between processes. `loss` is the chance that a hint is forgotten."""

    def __init__(self, loop: VirtualLoop, trace: Trace, seed: int) -> None:
        self.loop = loop
        self.loss = 0.0
        self.activity = 0
        # Pollers at rest: the handle of the poll, and what had happened when it began to wait.
        self.resting: dict[asyncio.TimerHandle, tuple[Process, int]] = {}
        self.trace = trace
        self.random = random.Random(f"broker {seed}")
        self.ends: list[ProcessBus] = []

    def send(self, origin: "ProcessBus", topic: str, ids: Sequence[str]) -> None:
        targets = [end for end in self.ends if end.process.alive]
        if ids and targets:
            self._deliver(targets[self.random.randrange(len(targets))], topic, ids)
        for target in () if ids else targets:
            if target is not origin:
                self._deliver(target, topic, ())

    def leave(self, process: Process) -> None:
        """It is dead; nothing waits for it any more."""
        self.ends = [end for end in self.ends if end.process is not process]
        for handle in [handle for handle, (owner, _) in self.resting.items() if owner is process]:
            del self.resting[handle]
            handle.cancel()

    def _deliver(self, target: "ProcessBus", topic: str, ids: Sequence[str]) -> None:
        if self.random.random() < self.loss:
            self.trace.count("bus: hint lost")
            return
        self.loop.call_later(
            self.random.uniform(0.0005, 0.02), target.arrive, topic, ids, context=target.process.context()
        )


class ProcessBus:
    """`Bus`, as one process has it. `stretch` lets its polls come late."""

    def __init__(self, broker: Broker, process: Process, stretch: float) -> None:
        self.process = process
        self._broker = broker
        self._stretch = stretch
        self._woken: set[str] = set()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._ids: defaultdict[str, list[str]] = defaultdict(list)
        broker.ends.append(self)

    def hint(self, topic: str, ids: Sequence[str] = ()) -> None:
        self._broker.send(self, topic, ids)
        if not ids:
            self.arrive(topic, ())

    def wake(self, topic: str) -> None:
        self.arrive(topic, ())

    def arrive(self, topic: str, ids: Sequence[str]) -> None:
        self._ids[topic].extend(ids)
        waiting = self._waiting.get(topic)
        if waiting is None or waiting.done():
            self._woken.add(topic)
        else:
            waiting.set_result(None)

    async def wait(self, topic: str, *, timeout_ms: int) -> None:
        if topic in self._woken:
            self._woken.discard(topic)
            return
        loop, resting = self._broker.loop, self._broker.resting
        done = self._waiting[topic] = loop.create_future()
        wait_ms = min(timeout_ms * self._stretch, max(timeout_ms, LONGEST_STRETCHED_MS))
        poll = loop.call_later(wait_ms / 1000, _end, done)
        resting[poll] = self.process, self._broker.activity if timeout_ms < SELDOM_MS else CARELESS
        try:
            await done
        finally:
            poll.cancel()
            resting.pop(poll, None)

    def take(self, topic: str) -> Sequence[str]:
        return self._ids.pop(topic, [])

    async def close(self) -> None: ...


def _end(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
