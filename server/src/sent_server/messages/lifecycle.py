"""The status machine, pure.

    QUEUED -> PROCESSED -> ROUTED -> SENT -> DELIVERED -> READ
       |          |           |       |
       +----------+-----------+-------+--> FAILED (when no leg remains)

A message has legs, one per channel of its plan, and shows one of them: the leg that is READ, else the one that was
DELIVERED first, else the last one that a carrier took, else the one being tried. Status, channel, price and sender
belong to that leg. While the next leg is being tried, a message with status SENT still shows the leg that was sent.

A status only moves to a higher rank, so duplicate, late or reordered receipts lead to the same state. SENT is
recorded once per leg that a carrier takes, and then the message shows that leg. It never moves back.
Source: docs/decisions/0017, contract/NOTES.md b.
"""

from collections.abc import Mapping

from sent_server.kernel.values import value_object
from sent_server.messages import attempt_states
from sent_server.messages.statuses import DELIVERED, FAILED, PROCESSED, QUEUED, READ, RECEIVED, ROUTED, SENT

RANK: Mapping[str, int] = {
    QUEUED: 0,
    PROCESSED: 1,
    ROUTED: 2,
    SENT: 3,
    FAILED: 4,
    DELIVERED: 5,
    READ: 6,
    RECEIVED: 7,
}
# A leg's state only rises: SENT < FAILED < DELIVERED < READ.
LEG_RANK: Mapping[str, int] = {
    attempt_states.SUBMITTING: 0,
    attempt_states.LATER: 0,
    attempt_states.UNKNOWN: 0,
    attempt_states.REJECTED: 1,
    attempt_states.SENT: 1,
    attempt_states.FAILED: 2,
    attempt_states.DELIVERED: 3,
    attempt_states.READ: 4,
}
REACHED: frozenset[str] = frozenset({DELIVERED, READ})
ENDED: frozenset[str] = frozenset({DELIVERED, READ, FAILED})


@value_object
class MessageProgress:
    """The progress of a message: status, current leg, shown leg, and the number of legs in its plan."""

    status: str
    leg: int
    shown: int
    legs: int


@value_object
class LifecycleStep:
    """The changes by an event. None means unchanged.

    `status` is the status to record, `shown` the leg that the message shows from now on, `next_leg` the leg to try.
    """

    status: str | None = None
    shown: int | None = None
    next_leg: int | None = None


NOTHING = LifecycleStep()


def on_started(progress: MessageProgress) -> LifecycleStep:
    """The current leg is about to be submitted for the first time."""
    if progress.status in ENDED:
        return NOTHING
    # A leg that a carrier took remains the shown one until a carrier takes the new leg.
    return LifecycleStep(ROUTED, progress.shown if progress.status == SENT else progress.leg)


def on_submitted(progress: MessageProgress) -> LifecycleStep:
    """A carrier accepted the current leg."""
    if progress.status in ENDED or (progress.status == SENT and progress.shown == progress.leg):
        return NOTHING
    return LifecycleStep(SENT, progress.leg)


def on_receipt(progress: MessageProgress, *, leg: int, kind: str, falls_back: bool = True) -> LifecycleStep:
    """A carrier's receipt (`DELIVERED`, `READ` or `FAILED`) for one of the legs."""
    if kind == FAILED:
        return on_leg_failed(progress, leg=leg, falls_back=falls_back)
    return LifecycleStep(kind, leg) if RANK[kind] > RANK[progress.status] else NOTHING


def on_leg_failed(progress: MessageProgress, *, leg: int, falls_back: bool = True) -> LifecycleStep:
    """A leg was rejected, failed or timed out: try the next one, or fail. Only the current leg can end."""
    if leg != progress.leg or progress.status in ENDED:
        return NOTHING
    if falls_back and leg + 1 < progress.legs:
        return LifecycleStep(next_leg=leg + 1)
    return _give_up(progress)


def on_blocked(progress: MessageProgress) -> LifecycleStep:
    """Consent was withdrawn before dispatch: no leg may be sent."""
    return NOTHING if progress.status in ENDED else _give_up(progress)


def settles(progress: MessageProgress) -> bool:
    """Whether the price of the message is final: that of its shown leg, regardless of later legs."""
    if progress.status == SENT:
        return progress.shown == progress.leg == progress.legs - 1
    return progress.status in ENDED


def _give_up(progress: MessageProgress) -> LifecycleStep:
    return LifecycleStep(FAILED, progress.shown if progress.status == SENT else progress.leg)
