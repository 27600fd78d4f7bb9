"""The statuses of messages. `lifecycle` says which follows which."""

from enum import StrEnum

from sent_server.carriers.reasons import Reason


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
_CONSENT = frozenset({Reason.OPTED_OUT, Reason.STOPPED_AT_CARRIER})


def refused_as(reason: Reason, *, is_newer: bool) -> MessageStatus:
    """The status of a message that is refused before a carrier was asked.

    FILTERED is a refusal for consent, BLOCKED one for a condition of the account. Clients that know neither wait for
    FAILED.
    """
    if not is_newer:
        return FAILED
    return FILTERED if reason in _CONSENT else BLOCKED
