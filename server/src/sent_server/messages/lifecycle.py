"""The status machine, pure.

    QUEUED -> PROCESSED -> ROUTED -> SENT -> DELIVERED -> READ
       |          |           |       |
       +----------+-----------+-------+--> FAILED (when no leg remains)

A message has legs, one per channel of its plan, and shows one of them: the leg that is READ; else the one that was
DELIVERED first; else the last one that a carrier took; else the one being tried. Status, channel, price and sender
belong to that leg. While the next leg is being tried, a message that was SENT still shows the leg that was SENT.

A status only moves to a higher rank, so receipts that come twice, late or out of order end in the same state. SENT is
recorded once per leg that a carrier takes: that moves the message to another leg, and never back.
Source: docs/decisions/0017, contract/NOTES.md b.
"""

from enum import StrEnum

from sent_server.kernel.values import value_object


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
ENDED = frozenset({"DELIVERED", "READ", "FAILED"})


@value_object
class MessageProgress:
    """Where a message is: its status, the leg in progress, the leg that it shows, and how many legs its plan has."""

    status: str
    leg: int
    shown: int
    legs: int


@value_object
class LifecycleStep:
    """What an event changes; None is unchanged.

    `status` is to be recorded, `shown` is the leg that the message then shows, `next_leg` the one to try next.
    """

    status: str | None = None
    shown: int | None = None
    next_leg: int | None = None


NOTHING = LifecycleStep()


def on_started(progress: MessageProgress) -> LifecycleStep:
    """The current leg is about to be submitted for the first time."""
    if progress.status in ENDED:
        return NOTHING
    # What a carrier took stays in view until the new leg is taken, too.
    return LifecycleStep("ROUTED", progress.shown if progress.status == "SENT" else progress.leg)


def on_submitted(progress: MessageProgress) -> LifecycleStep:
    """A carrier accepted the current leg."""
    if progress.status in ENDED or (progress.status == "SENT" and progress.shown == progress.leg):
        return NOTHING
    return LifecycleStep("SENT", progress.leg)


def on_receipt(progress: MessageProgress, *, leg: int, kind: str, falls_back: bool = True) -> LifecycleStep:
    """A carrier's word (`DELIVERED`, `READ` or `FAILED`) on one of the legs."""
    if kind == "FAILED":
        return on_leg_failed(progress, leg=leg, falls_back=falls_back)
    return LifecycleStep(kind, leg) if RANK[kind] > RANK[progress.status] else NOTHING


def on_leg_failed(progress: MessageProgress, *, leg: int, falls_back: bool = True) -> LifecycleStep:
    """A leg was rejected, failed or timed out: try the next one, or give up. Only the leg in progress can end."""
    if leg != progress.leg or progress.status in ENDED:
        return NOTHING
    if falls_back and leg + 1 < progress.legs:
        return LifecycleStep(next_leg=leg + 1)
    return _give_up(progress)


def on_blocked(progress: MessageProgress) -> LifecycleStep:
    """Consent vanished before dispatch: no leg may go any more."""
    return NOTHING if progress.status in ENDED else _give_up(progress)


def settles(progress: MessageProgress) -> bool:
    """Whether a message that is here costs what its shown leg costs, whatever the legs after it may do."""
    if progress.status == "SENT":
        return progress.shown == progress.leg == progress.legs - 1
    return progress.status in ENDED


def better_leg_state(old: str, new: str) -> str:
    """A leg's state moves up only: SENT < FAILED < DELIVERED < READ."""
    return new if LEG_RANK[new] > LEG_RANK[old] else old


def _give_up(progress: MessageProgress) -> LifecycleStep:
    return LifecycleStep("FAILED", progress.shown if progress.status == "SENT" else progress.leg)
