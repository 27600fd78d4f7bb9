"""Rate limits for requests without an API key: per IP address, and per key in the request.

A key here is an object that the request names, such as an invitation. Only failures count against it.
"""

import contextlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator

from sent_server.errors import ApiError
from sent_server.http.limits import WINDOW_MS, LimitVerdict
from sent_server.kernel import network
from sent_server.kernel.clock import monotonic_ms

PER_IP = 200
PER_KEY = 10
MAX_REMEMBERED = 10_000


class AnonymousRateLimiter:
    """Counts in this process, for at most MAX_REMEMBERED addresses and keys. The least recently used are evicted."""

    def __init__(self, now_ms: Callable[[], int] = monotonic_ms) -> None:
        self._now_ms = now_ms
        self._seen: OrderedDict[tuple[str, str], deque[int]] = OrderedDict()

    def hit_ip(self, address: str) -> LimitVerdict:
        """Count a request from this address. Raises BUSINESS_002."""
        return self._hit(("ip", network.network(address)), PER_IP)

    @contextlib.contextmanager
    def limit_failures(self, key: str | None, failure: type[ApiError]) -> Generator[None]:
        """Raises BUSINESS_002 for a key with too many failures. Counts one when the block raises `failure`.

        Without failures a key may be used any number of times. None is not limited.
        """
        if key is None:
            yield
            return
        self._hit(("key", key), PER_KEY, count=False)
        try:
            yield
        except failure:
            with contextlib.suppress(ApiError):
                self._hit(("key", key), PER_KEY)
            raise

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
