"""Shall a task that raised this be tried again, and when? Pure: time comes in as epoch seconds.

The client makes one attempt per task run; waiting is the broker's business, not that of a worker that could do
something else meanwhile.
"""

from dataclasses import dataclass

import httpx
from celery.exceptions import SoftTimeLimitExceeded

from sent_dm.core import retry
from sent_dm.exceptions import APIConnectionError, APIStatusError, ConflictError
from sent_dm.integrations.celery.errors import RateLimitExceeded, SentDMTaskError

# A server that asks for more than this is not believed.
MAX_ASKED_S = 3_600.0
IN_FLIGHT = "CONFLICT_001"


@dataclass(frozen=True, slots=True)
class Again:
    """`after_s` None: as the task's backoff says."""

    after_s: float | None = None


def decide(error: BaseException, *, now_s: float) -> Again | None:
    """None: never. Only what leaves open whether the call took effect, or says that a later one will, is repeated."""
    match error:
        case RateLimitExceeded():
            return Again(float(error.retry_after))
        case SentDMTaskError():
            return Again() if error.retryable else None
        case APIConnectionError() | SoftTimeLimitExceeded():
            return Again()
        case ConflictError() if error.code != IN_FLIGHT:
            return None
        case APIStatusError() if retry.is_retryable(error.status_code, headers := httpx.Headers(error.headers)):
            asked_ms = retry.asked_ms(headers, now_s)
            return Again(None if asked_ms is None else min(asked_ms / 1_000, MAX_ASKED_S))
        case _:
            return None
