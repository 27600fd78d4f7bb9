"""How quickly a target answers, and from when an open attempt counts as stuck. Pure.

quick --no answer for far longer than usual--> stuck --an answer--> quick, or slow if it usually takes a second
"""

from enum import StrEnum

SLOW_AFTER_MS = 1_000
# How long an open attempt counts as quick: several times what its target usually takes, within these.
LEAST_PATIENCE_MS, FIRST_PATIENCE_MS = 150, 300


class Pace(StrEnum):
    QUICK = "quick"
    SLOW = "slow"
    STUCK = "stuck"


def usual_ms(before_ms: int | None, took_ms: int) -> int:
    """About what a good answer takes: a moving average."""
    return took_ms if before_ms is None else (3 * before_ms + took_ms) // 4


def of_answers(usual_ms: int) -> Pace:
    return Pace.QUICK if usual_ms < SLOW_AFTER_MS else Pace.SLOW


def patience_ms(usual_ms: int | None) -> int:
    """How long an attempt may be open before its target counts as stuck. None: it has never answered."""
    if usual_ms is None:
        return FIRST_PATIENCE_MS
    if usual_ms >= SLOW_AFTER_MS:
        return 2 * usual_ms
    return max(LEAST_PATIENCE_MS, min(4 * usual_ms, SLOW_AFTER_MS))
