"""Converts epoch milliseconds to ISO 8601 and back."""

import functools
import re
from datetime import UTC, datetime, timedelta

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@functools.lru_cache(maxsize=1_024)
def iso(at_ms: int) -> str:
    """`2026-04-08T15:54:52.246+00:00`, the form in responses."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def day(at_ms: int) -> str:
    """`2026-04-08`, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def month(at_ms: int) -> str:
    """`2026-04`, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")


def parse(text: str) -> int | None:
    """Epoch milliseconds of an ISO 8601 time with an offset, None for anything else. Rounds down."""
    at_us = _microseconds(text)
    return None if at_us is None else at_us // 1000


def parse_up(text: str) -> int | None:
    """The first whole millisecond that is not before the time. Otherwise like `parse`."""
    at_us = _microseconds(text)
    return None if at_us is None else -(-at_us // 1000)


def _microseconds(text: str) -> int | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def iso_or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def iso_seconds(at_ms: int) -> str:
    """`2026-01-15T10:35:00Z`, the form in webhook bodies."""
    return _iso_seconds(at_ms // 1000)


@functools.lru_cache(maxsize=1_024)
def _iso_seconds(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
