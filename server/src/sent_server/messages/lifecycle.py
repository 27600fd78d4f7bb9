"""The status machine, pure.

    QUEUED -> PROCESSED -> ROUTED -> SENT -> DELIVERED -> READ
       |          |           |       |          (a message shows the best of its legs)
       +----------+-----------+-------+--> FAILED (when no leg remains)

A status only moves to a higher rank, so receipts that come twice, late or out of order end in the same state.
Source: DECISIONS "Lifecycle and money", contract NOTES b.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    QUEUED = "QUEUED"
    PROCESSED = "PROCESSED"
    ROUTED = "ROUTED"
    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"
    READ = "READ"
    RECEIVED = "RECEIVED"


RANK = {
    "QUEUED": 0,
    "PROCESSED": 1,
    "ROUTED": 2,
    "SENT": 3,
    "FAILED": 4,
    "DELIVERED": 5,
    "READ": 6,
    "RECEIVED": 7,
}
LEG_RANK = {"SUBMITTING": 0, "LATER": 0, "UNKNOWN": 0, "REJECTED": 1, "SENT": 1, "FAILED": 2, "DELIVERED": 3, "READ": 4}
REACHED = frozenset({"DELIVERED", "READ"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message is: its status, the leg under way, and how many legs its plan has."""

    status: str
    leg: int
    legs: int


@dataclass(frozen=True, slots=True)
class Step:
    """What an event changes: the new status (None: unchanged), and the leg to try next (None: none)."""

    status: str | None = None
    next_leg: int | None = None

    @property
    def changes(self) -> bool:
        return self.status is not None or self.next_leg is not None


NOTHING = Step()


def on_submitted(standing: Standing) -> Step:
    """A carrier accepted the current leg."""
    return _raise(standing, "SENT")


def on_receipt(standing: Standing, *, leg: int, kind: str) -> Step:
    """A carrier's word (`DELIVERED`, `READ` or `FAILED`) on one of the legs."""
    if kind == "FAILED":
        return on_leg_failed(standing, leg=leg)
    return _raise(standing, kind)


def on_leg_failed(standing: Standing, *, leg: int) -> Step:
    """A leg was rejected, failed or timed out: try the next one, or give up."""
    if leg != standing.leg or standing.status in REACHED or standing.status == "FAILED":
        return NOTHING
    if leg + 1 < standing.legs:
        return Step(next_leg=leg + 1)
    return _raise(standing, "FAILED")


def on_blocked(standing: Standing) -> Step:
    """Consent or route vanished before dispatch: no leg may go any more."""
    return _raise(standing, "FAILED")


def better_leg_state(old: str, new: str) -> str:
    """A leg's state moves up only: SENT < FAILED < DELIVERED < READ."""
    return new if LEG_RANK[new] > LEG_RANK[old] else old


def _raise(standing: Standing, status: str) -> Step:
    return Step(status) if RANK[status] > RANK[standing.status] else NOTHING
