"""When a message may be sent later: the form of a time, and how far ahead it may be. Pure.

Source: contract/openapi-v3.json, docs/how-to/schedule.md.
"""

import re
from datetime import UTC, datetime, timedelta

from sent_server.errors import ApiError

MIN_AHEAD_MS = 60_000
# A client that computes "in 60 seconds" always arrives a little late.
GRACE_MS = 5_000
MAX_AHEAD_MS = 30 * 86_400_000
MAX_HELD = 1_000_000
BAD_FORM = "A time with Z or an offset is needed, for example 2026-12-01T09:00:00-05:00"
OUT_OF_RANGE = "Must be 1 minute to 30 days ahead"
TOO_MANY = f"Too many scheduled messages ({MAX_HELD:,} at most)"
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 64


def parse(text: str) -> int | None:
    """Epoch milliseconds of an RFC 3339 time, None for anything else. Seconds may be left out.

    Fractions of a millisecond are rounded up, so that nothing is sent early.
    """
    if len(text) > _LONGEST or not _RFC_3339.fullmatch(text):
        return None
    try:
        since = datetime.fromisoformat(text.upper()) - _EPOCH
    except (ValueError, OverflowError):
        return None
    return -(-since // timedelta(microseconds=1) // 1_000)


def refusal(scheduled_at_ms: int, *, now_ms: int) -> ApiError | None:
    """VALIDATION_005 unless the time is 1 minute to 30 days ahead."""
    if MIN_AHEAD_MS - GRACE_MS <= scheduled_at_ms - now_ms <= MAX_AHEAD_MS:
        return None
    return ApiError("VALIDATION_005", details={"scheduled_at": [OUT_OF_RANGE]})
