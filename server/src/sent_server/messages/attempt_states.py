"""The states of attempts. The state of a leg is that of its newest attempt. `lifecycle` ranks them."""

from enum import StrEnum


class AttemptState(StrEnum):
    """`UNKNOWN`: the response was lost. `LATER`: the carrier deferred the message."""

    SUBMITTING = "SUBMITTING"
    UNKNOWN = "UNKNOWN"
    LATER = "LATER"
    REJECTED = "REJECTED"
    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"
    READ = "READ"


# Read for every message, like those of `statuses`.
SUBMITTING, UNKNOWN, LATER, REJECTED, SENT, FAILED, DELIVERED, READ = AttemptState
