"""Again, and after how long? Pure: chance comes in as a number from 0 to 1, time as epoch seconds."""

import re
from email.utils import parsedate_to_datetime

from sent_dm.core.reply import Failure, HeaderView, Reply, Why

FIRST_MS = 500.0
MAX_MS = 8_000.0
# The longest wait that a server may ask for. What it wants beyond that is the caller's to decide, and a retry
# before its time would be in vain.
MAX_ASKED_MS = 120_000.0
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?", re.ASCII)


def after_ms(got: Reply | Failure, *, retries: int, max_retries: int, chance: float, now_s: float) -> float | None:
    """None: do not try again."""
    if retries >= max_retries:
        return None
    if isinstance(got, Failure):
        return None if got.why is Why.UNREADABLE else backoff_ms(retries, chance)
    if not is_retryable(got.status, got.headers):
        return None
    asked = asked_ms(got.headers, now_s)
    if asked is None:
        return backoff_ms(retries, chance)
    return asked if asked <= MAX_ASKED_MS else None


def is_retryable(status: int, headers: HeaderView) -> bool:
    said = headers.get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return status in (408, 409, 429) or status >= 500


def backoff_ms(retries: int, chance: float) -> float:
    """0.5 s, doubled each time up to 8 s, less up to a quarter, so that clients do not come back in step."""
    return min(FIRST_MS * 2.0 ** min(retries, 16), MAX_MS) * (1 - 0.25 * chance)


def asked_ms(headers: HeaderView, now_s: float) -> float | None:
    """What the server asks for: `retry-after-ms`, or Retry-After as seconds or as a date. None: nothing usable."""
    exact = headers.get("retry-after-ms")
    if exact is not None and _SECONDS.fullmatch(exact.strip()):
        return float(exact)
    value = headers.get("retry-after")
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value) * 1_000
    try:
        return max(0.0, (parsedate_to_datetime(value).timestamp() - now_s) * 1_000)
    except (TypeError, ValueError, OverflowError):
        return None
