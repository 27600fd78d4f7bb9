"""The statuses of messages. `lifecycle` says which follows which."""

from enum import StrEnum


class MessageStatus(StrEnum):
    QUEUED = "QUEUED"
    PROCESSED = "PROCESSED"
    ROUTED = "ROUTED"
    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"
    READ = "READ"
    RECEIVED = "RECEIVED"
    SCHEDULED = "SCHEDULED"
    CANCELLED = "CANCELLED"
    FILTERED = "FILTERED"
    BLOCKED = "BLOCKED"


# On Python 3.11 each `MessageStatus.SENT` runs Python code, which is too slow for code that runs for every message.
QUEUED, PROCESSED, ROUTED, SENT, FAILED, DELIVERED, READ, RECEIVED, SCHEDULED, CANCELLED, FILTERED, BLOCKED = (
    MessageStatus
)
# Messages that end so have a reason.
WITH_REASON: frozenset[str] = frozenset({FAILED, FILTERED, BLOCKED})
