"""Epoch milliseconds to the wire's ISO 8601 and back to seconds."""

import functools
from datetime import UTC, datetime


@functools.lru_cache(maxsize=1_024)
def iso(at_ms: int) -> str:
    """`2026-04-08T15:54:52.246+00:00`, the form of answers."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def month(at_ms: int) -> str:
    """`2026-04`, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")


def iso_or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def iso_seconds(at_ms: int) -> str:
    """`2026-01-15T10:35:00Z`, the form of webhook bodies."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
