"""Limits requests that come without a key: so many a minute from one address, and for one thing that is asked for."""

import contextlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator

from sent_server.errors import ApiError
from sent_server.http.limits import WINDOW_MS, LimitVerdict
from sent_server.kernel import network

PER_ADDRESS = 200
PER_THING = 10
MAX_REMEMBERED = 10_000


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Doorkeeper:
    """Counts in this process; at most MAX_REMEMBERED addresses and things, the longest unseen forgotten first."""

    def __init__(self, now_ms: Callable[[], int] = _monotonic_ms) -> None:
        self._now_ms = now_ms
        self._seen: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def admit(self, address: str) -> LimitVerdict:
        """Raises BUSINESS_002."""
        return self._hit(("address", network.network(address)), PER_ADDRESS)

    @contextlib.contextmanager
    def guarding(self, thing: str | None, failure: type[ApiError]) -> Generator[None]:
        """Raises BUSINESS_002 for a thing that failed too often. Counts when the block raises `failure`."""
        if thing is None:
            yield
            return
        self.check(thing)
        try:
            yield
        except failure:
            self.note_failure(thing)
            raise

    def check(self, thing: str) -> None:
        """Raises BUSINESS_002 after too many failures; whoever does it right may come as often as they like."""
        self._hit(("thing", thing), PER_THING, count=False)

    def note_failure(self, thing: str) -> None:
        with contextlib.suppress(ApiError):
            self._hit(("thing", thing), PER_THING)

    def _hit(self, name: tuple[str, str], limit: int, *, count: bool = True) -> LimitVerdict:
        now_ms = self._now_ms()
        if not count and name not in self._seen:
            return LimitVerdict(True, limit, limit, math.ceil(time.time()), 1)
        hits = self._seen.setdefault(name, deque())
        self._seen.move_to_end(name)
        while len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        while hits and hits[0] <= now_ms - WINDOW_MS:
            hits.popleft()
        allowed = len(hits) < limit
        if allowed and count:
            hits.append(now_ms)
        wait_ms = (hits[0] if hits else now_ms) + WINDOW_MS - now_ms
        if not allowed:
            raise ApiError("BUSINESS_002", headers={"Retry-After": str(max(1, math.ceil(wait_ms / 1000)))})
        return LimitVerdict(True, limit, limit - len(hits), math.ceil(time.time() + wait_ms / 1000), 1)
