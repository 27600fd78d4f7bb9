"""The effects of an attempt's outcome on its delivery and on its endpoint. Pure. Source: docs/decisions/0033.

    in service --5 unreachable attempts in a row--> parked --a response to a probe--> in service
        |                                             |
        +--10 events failed in a row, or a 410--> disabled <--72 h--+

While an endpoint is parked, its events wait and use no retries. A probe is sent every 30 s.
"""

from dataclasses import replace

from sent_server.events import DeliveryProgress
from sent_server.kernel.values import value_object
from sent_server.outbound import Backoff, BreakerPolicy
from sent_server.webhooks.model import DeliveryOutcome, EndpointHealth

RETRIES = Backoff(tuple(minutes * 60_000 for minutes in (1, 5, 15, 60)))
PARKING = BreakerPolicy(opens_after=5, probe_every_ms=30_000)
DISABLE_AFTER_EVENTS = 10
MAX_PARKED_MS = 72 * 3_600_000
GONE = 410
MANY_FAILED = f"Disabled after {DISABLE_AFTER_EVENTS} failed events in a row"
SAYS_GONE = "Disabled because the endpoint answered 410 Gone"


@value_object
class BreakerVerdict:
    """`disable` is the reason for switching the webhook off."""

    progress: DeliveryProgress
    health: EndpointHealth
    disable: str | None = None


def judge(outcome: DeliveryOutcome, health: EndpointHealth) -> BreakerVerdict:
    """Decide for one outcome. Call in the order in which the attempts finished."""
    claimed, now_ms = outcome.claimed, outcome.finished_at_ms
    attempts = claimed.attempts + 1
    if outcome.succeeded:
        progress = _progress(outcome, "delivered", attempts, claimed.retries_used, due_at_ms=None)
        well = EndpointHealth(last_attempt_at_ms=now_ms, last_success_at_ms=now_ms)
        return BreakerVerdict(progress, well)
    after = _after_failure(outcome, health)
    if outcome.status == GONE:
        return BreakerVerdict(
            _progress(outcome, "failed", attempts, claimed.retries_used + 1, due_at_ms=None), after, SAYS_GONE
        )
    if outcome.unreachable and health.parked_at_ms is not None:
        # The endpoint is parked already, so the event waits for the next probe and uses no retry.
        progress = _progress(outcome, "pending", attempts, claimed.retries_used, due_at_ms=now_ms)
        return BreakerVerdict(progress, after)
    retries_used = claimed.retries_used + 1
    if retries_used <= outcome.retry_count:
        due_at_ms = now_ms + RETRIES.delay_ms(retries_used, at_least_ms=(outcome.retry_after_s or 0) * 1000)
        return BreakerVerdict(_progress(outcome, "retrying", attempts, retries_used, due_at_ms=due_at_ms), after)
    failed = after.failed_events_in_row + 1
    progress = _progress(outcome, "failed", attempts, retries_used, due_at_ms=None)
    disable = MANY_FAILED if failed >= DISABLE_AFTER_EVENTS else None
    return BreakerVerdict(progress, replace(after, failed_events_in_row=failed), disable)


def overdue(health: EndpointHealth, *, now_ms: int) -> bool:
    """Whether the endpoint has been parked for the whole time that its events are kept."""
    return health.breaker.open_for(MAX_PARKED_MS, now_ms=now_ms)


def _after_failure(outcome: DeliveryOutcome, health: EndpointHealth) -> EndpointHealth:
    now_ms = outcome.finished_at_ms
    failed = replace(health, consecutive_failures=health.consecutive_failures + 1, last_attempt_at_ms=now_ms)
    if not outcome.unreachable:
        return replace(failed, unreachable_in_row=0, parked_at_ms=None, probe_at_ms=None)
    after = health.breaker.after_unreachable(PARKING, now_ms=now_ms, retry_after_ms=(outcome.retry_after_s or 0) * 1000)
    return replace(
        failed,
        unreachable_in_row=after.unreachable_in_row,
        parked_at_ms=after.open_since_ms,
        probe_at_ms=after.probe_at_ms,
    )


def _progress(
    outcome: DeliveryOutcome, status: str, attempts: int, retries_used: int, *, due_at_ms: int | None
) -> DeliveryProgress:
    return DeliveryProgress(
        status=status,
        attempts=attempts,
        retries_used=retries_used,
        due_at_ms=due_at_ms,
        http_status_code=outcome.status,
        response_body=outcome.text,
        error_message=outcome.error,
        started_at_ms=outcome.started_at_ms,
        completed_at_ms=outcome.finished_at_ms if due_at_ms is None else None,
    )
