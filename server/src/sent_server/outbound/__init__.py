"""One engine for outbound attempts: requests that we make to somebody else's server, many at a time.

    limiter    how many attempts each target may have open         pace      how quickly it usually answers
    attempts   the open attempts, their deadlines, and their end   recorder  outcomes, written together when they end
    backoff    when a failed attempt is made again                 breaker   when a target is left alone

A target is the receiver of the requests: a webhook endpoint or a carrier. What an outcome means, where it is written
and what is due next are the affair of the slice that makes the attempts.
"""

from sent_server.outbound.attempts import OpenAttempts
from sent_server.outbound.backoff import Backoff
from sent_server.outbound.breaker import Breaker, BreakerPolicy
from sent_server.outbound.limiter import LimitPolicy, TargetLimiter
from sent_server.outbound.recorder import OutcomeRecorder

__all__ = [
    "Backoff",
    "Breaker",
    "BreakerPolicy",
    "LimitPolicy",
    "OpenAttempts",
    "OutcomeRecorder",
    "TargetLimiter",
]
