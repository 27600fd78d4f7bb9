"""Senders that never give up: each repeats a request under its key, at any process that answers, until it has a 202."""

import contextlib
import http.client
import itertools
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness import samples
from harness.client import Client, Response

GONE = (OSError, http.client.HTTPException)


@dataclass
class Refusal:
    """An answer other than 202, and when it came (monotonic seconds)."""

    at_s: float
    took_s: float
    status: int
    code: str | None


@dataclass
class Traffic:
    """`targets` says who answers at the moment. Start with `with`; `finish` waits until every key has its answer."""

    targets: Callable[[], list[str]]
    api_key: str
    template_id: str
    threads: int = 4
    recipients: int = 4
    pause_s: float = 0.05
    seed: int = 1
    timeout_s: float = 5.0
    answered: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    replayed: int = 0
    undocumented: list[str] = field(default_factory=list[str])
    unanswered: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _abandoned: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def __enter__(self) -> "Traffic":
        for number in range(self.threads):
            thread = threading.Thread(target=self._run, args=(number,), daemon=True)
            thread.start()
            self._running.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._abandoned.set()
        for thread in self._running:
            thread.join(10)

    def finish(self, timeout_s: float = 60) -> bool:
        """No new keys; says whether all the open ones were answered in time."""
        self._stopping.set()
        deadline_s = time.monotonic() + timeout_s
        for thread in self._running:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._running)

    @property
    def accepted(self) -> list[str]:
        return [message_id for ids in list(self.answered.values()) for message_id in ids]

    def _run(self, number: int) -> None:
        dice = random.Random(self.seed * 1_000 + number)
        clients: dict[str, Client] = {}
        for count in itertools.count():
            if self._stopping.is_set():
                return
            body = {
                "to": [samples.phone() for _ in range(self.recipients)],
                "template": {"id": self.template_id},
                "channel": ["sms"],
            }
            self._insist(f"chaos-{self.seed}-{number}-{count}", body, dice, clients)
            self._stopping.wait(self.pause_s * dice.uniform(0.5, 1.5))

    def _insist(self, key: str, body: object, dice: random.Random, clients: dict[str, Client]) -> None:
        while not self._abandoned.is_set():
            targets = self.targets()
            if targets:
                target = dice.choice(targets)
                client = clients.setdefault(target, Client(target, self.api_key))
                if self._try(client, key, body):
                    return
            time.sleep(dice.uniform(0.02, 0.1))

    def _try(self, client: Client, key: str, body: object) -> bool:
        started_s = time.monotonic()
        answer: Response | None = None
        with contextlib.suppress(*GONE):
            try:
                answer = client.post("/v3/messages", body, idempotency_key=key, timeout_s=self.timeout_s)
            except AssertionError as breach:  # of the contract: what no client can understand
                self.undocumented.append(str(breach)[:300])
        if answer is None:
            self.unanswered += 1
            return False
        if answer.status == 202:
            self.replayed += "idempotent-replayed" in answer.headers
            self.answered[key] = [recipient["message_id"] for recipient in answer.data["recipients"]]
            return True
        now_s = time.monotonic()
        self.refusals.append(Refusal(now_s, now_s - started_s, answer.status, answer.code))
        return False
