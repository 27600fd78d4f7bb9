"""The status machine, pure.

    QUEUED -> [SCHEDULED ->] PROCESSED -> ROUTED -> SENT -> DELIVERED -> READ
      |           |              |          |        |
      |           |              +----------+--------+--> FAILED (when no leg remains)
      +-----------+--> FILTERED, BLOCKED (refused before an attempt), CANCELLED
      +-----------+--> FAILED (an older request was refused)

RECEIVED, the status of what people write, is first and last. `NEXT` lists the steps.

A message has legs, one per channel of its plan, and shows one of them: the leg that is READ, else the one that was
DELIVERED first, else the last one that a carrier took, else the one being tried. Status, channel, price and sender
belong to that leg. While the next leg is being tried, a message with status SENT still shows the leg that was sent.

A status only moves to a higher rank, so duplicate, late or reordered receipts lead to the same state. SENT is
recorded once per leg that a carrier takes, and then the message shows that leg. It never moves back.
FILTERED, BLOCKED and CANCELLED never change, whatever a carrier reports.
Source: docs/decisions/0017, contract/NOTES.md b.
"""

from collections.abc import Mapping

from sent_server.kernel.values import value_object
from sent_server.messages import attempt_states
from sent_server.messages.statuses import (
    BLOCKED,
    CANCELLED,
    DELIVERED,
    FAILED,
    FILTERED,
    PROCESSED,
    QUEUED,
    READ,
    RECEIVED,
    ROUTED,
    SCHEDULED,
    SENT,
)

RANK: Mapping[str, int] = {
    QUEUED: 0,
    SCHEDULED: 1,
    PROCESSED: 2,
    ROUTED: 3,
    SENT: 4,
    FAILED: 5,
    DELIVERED: 6,
    READ: 7,
    RECEIVED: 8,
    FILTERED: 8,
    BLOCKED: 8,
    CANCELLED: 8,
}
_REFUSED = frozenset({FILTERED, BLOCKED, FAILED})
REACHED: frozenset[str] = frozenset({DELIVERED, READ})
# The statuses that may follow each. SENT and SCHEDULED may repeat: for the next leg, and for a later time.
NEXT: Mapping[str, frozenset[str]] = {
    QUEUED: frozenset({SCHEDULED, PROCESSED, ROUTED, CANCELLED, *_REFUSED}),
    SCHEDULED: frozenset({SCHEDULED, PROCESSED, ROUTED, CANCELLED, *_REFUSED}),
    PROCESSED: frozenset({ROUTED, *_REFUSED}),
    ROUTED: frozenset({SENT, FAILED, *REACHED}),
    SENT: frozenset({SENT, FAILED, *REACHED}),
    FAILED: REACHED,
    DELIVERED: frozenset({READ}),
    READ: frozenset(),
    RECEIVED: frozenset(),
    FILTERED: frozenset(),
    BLOCKED: frozenset(),
    CANCELLED: frozenset(),
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
# No further leg is tried. Of these, only FAILED and DELIVERED may still change, by a late receipt.
ENDED: frozenset[str] = frozenset({DELIVERED, READ, FAILED, RECEIVED, FILTERED, BLOCKED, CANCELLED})
# No carrier has been asked yet.
BEFORE_ATTEMPT: frozenset[str] = frozenset({QUEUED, SCHEDULED, PROCESSED})
# Held for a later time: a cancellation ends these.
_HELD = frozenset({QUEUED, SCHEDULED})


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
    """A carrier's receipt (`DELIVERED`, `READ` or `FAILED`) for one of the legs.

    A leg of an earlier round is negative. It changes nothing: the message was sent again since.
    """
    if leg < 0:
        return NOTHING
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


def on_refused(progress: MessageProgress, word: str = FAILED) -> LifecycleStep:
    """No leg may be sent any more, as when consent was withdrawn. `word` is FILTERED, BLOCKED or FAILED.

    Once a carrier was asked, the message has failed.
    """
    if progress.status in ENDED:
        return NOTHING
    if word != FAILED and progress.status in BEFORE_ATTEMPT:
        return LifecycleStep(word, progress.leg)
    return _give_up(progress)


def on_leg_refused(progress: MessageProgress, word: str = FAILED) -> LifecycleStep:
    """The current leg may not be sent any more: try the next one, or refuse the message."""
    if progress.status in ENDED:
        return NOTHING
    if progress.leg + 1 < progress.legs:
        return LifecycleStep(next_leg=progress.leg + 1)
    return on_refused(progress, word)


def on_held(progress: MessageProgress) -> LifecycleStep:
    """The message waits for its time, or for a later one than before."""
    return LifecycleStep(SCHEDULED) if progress.status in _HELD else NOTHING


def on_cancelled(progress: MessageProgress) -> LifecycleStep:
    """A held message is not wanted any more."""
    return LifecycleStep(CANCELLED) if progress.status in _HELD else NOTHING


def settles(progress: MessageProgress) -> bool:
    """Whether the price of the message is final: that of its shown leg, regardless of later legs."""
    if progress.status == SENT:
        return progress.shown == progress.leg == progress.legs - 1
    return progress.status in ENDED


def _give_up(progress: MessageProgress) -> LifecycleStep:
    return LifecycleStep(FAILED, progress.shown if progress.status == SENT else progress.leg)
