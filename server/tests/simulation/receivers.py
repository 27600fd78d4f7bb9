"""Webhook receivers: they answer, fail, hang, go away, and remember every byte that came."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

from sent_server.egress import EgressResponse, RequestFailed, Result
from simulation.scheduler import VirtualLoop
from simulation.trace import Trace


@dataclass(frozen=True)
class Post:
    """One request as it arrived, and the status it was given; None when the answer was never sent."""

    url: str
    event_id: str
    body: bytes
    status: int | None


class Receivers:
    """All receivers of the world. `away` are the URLs that nobody answers at."""

    def __init__(self, loop: VirtualLoop, trace: Trace, seed: int) -> None:
        self.faulty = True
        self.away: set[str] = set()
        self.posts: list[Post] = []
        self._loop = loop
        self._trace = trace
        self._random = random.Random(f"receivers {seed}")

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float, tenant: str
    ) -> Result:
        """As `Egress.post`: in a process; what arrived stays arrived."""
        answer: asyncio.Future[EgressResponse] = self._loop.create_future()
        self._loop.spawn(None, self._serve(url, body, headers["X-Webhook-Event-ID"], answer))
        try:
            async with asyncio.timeout(timeout_seconds):
                return await answer
        except TimeoutError:
            return RequestFailed(f"No answer within {timeout_seconds:g} seconds")
        except ConnectionError:
            return RequestFailed("The connection failed: simulated")

    async def _serve(self, url: str, body: bytes, event_id: str, answer: asyncio.Future[EgressResponse]) -> None:
        await asyncio.sleep(self._random.uniform(0.001, 0.03))
        luck = self._random.random() if self.faulty else 1.0
        if url in self.away or luck < 0.03:
            self._trace.count("webhook: unreachable")
            if not answer.done():
                answer.set_exception(ConnectionError())
            return
        status = self._status(luck)
        hangs = self.faulty and self._random.random() < 0.05
        self.posts.append(Post(url, event_id, body, None if hangs else status))
        self._trace.note(self._loop.now_ms, "receiver", f"{url} {event_id} {status}{' hangs' if hangs else ''}")
        if hangs:
            self._trace.count("webhook: took it, answer lost")
            return
        await asyncio.sleep(self._random.uniform(0.001, 0.1) if luck > 0.1 else self._random.uniform(0.1, 3.0))
        if not answer.done():
            retry_after_s = self._random.randrange(1, 20) if status == 429 else None
            answer.set_result(EgressResponse(status, "", retry_after_s))

    def _status(self, luck: float) -> int:
        for limit, status in ((0.07, 500), (0.09, 429), (0.11, 400), (0.112, 410)):
            if luck < limit:
                self._trace.count(f"webhook: answered {status}")
                return status
        return 200
