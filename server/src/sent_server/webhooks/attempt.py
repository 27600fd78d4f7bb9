"""One request to a receiver: the body, a signature with the current time, and the result."""

from collections.abc import Callable
from typing import assert_never

import structlog

from sent_server.db.failpoint import failpoint
from sent_server.egress import Egress, EgressResponse, RequestFailed, RequestRefused, Result
from sent_server.kernel.clock import monotonic_ms
from sent_server.kernel.values import value_object
from sent_server.webhooks import body as bodies
from sent_server.webhooks.claims import Ready
from sent_server.webhooks.headers import signed_headers
from sent_server.webhooks.model import DeliveryOutcome

log = structlog.get_logger()


@value_object
class Clocks:
    """`now_ms` is the platform's time, which may be simulated. `wall_ms` is the wall clock, which receivers check."""

    now_ms: Callable[[], int]
    wall_ms: Callable[[], int]
    monotonic_ms: Callable[[], int] = monotonic_ms


async def attempt(ready: Ready, egress: Egress, clocks: Clocks, *, current_names_only: bool) -> DeliveryOutcome:
    """Send the request. Raises only CancelledError."""
    started_at_ms = clocks.now_ms()
    try:
        result = await _post(ready, egress, clocks.wall_ms(), current_names_only=current_names_only)
        failpoint("after_post_before_record")
    except Exception:
        log.exception("webhook.request_crashed", delivery_id=ready.claimed.id)
        result = RequestRefused("The request could not be made")
    return _outcome(ready, result, started_at_ms=started_at_ms, finished_at_ms=clocks.now_ms())


async def _post(ready: Ready, egress: Egress, wall_ms: int, *, current_names_only: bool) -> Result:
    claimed, target = ready.claimed, ready.target
    url = claimed.callback_url or target.url
    assert url is not None
    body = bodies.encode(ready.content, claimed.field, clean=current_names_only)
    headers = signed_headers(
        target,
        label=claimed.label,
        event_name=claimed.event_name,
        event_id=claimed.event_id,
        body=body,
        wall_ms=wall_ms,
    )
    return await egress.post(url, body, headers, timeout_seconds=target.timeout_seconds, tenant=target.customer_id)


def _outcome(ready: Ready, result: Result, *, started_at_ms: int, finished_at_ms: int) -> DeliveryOutcome:
    status, text, error, retry_after_s = None, None, None, None
    match result:
        case EgressResponse():
            status, text, retry_after_s = result.status, result.text or None, result.retry_after_s
            error = None if result.ok else f"The endpoint answered HTTP {result.status}"
        case RequestFailed() | RequestRefused():
            error = result.reason
        case _:
            assert_never(result)
    return DeliveryOutcome(
        claimed=ready.claimed,
        retry_count=ready.target.retry_count,
        started_at_ms=started_at_ms,
        finished_at_ms=finished_at_ms,
        status=status,
        text=text,
        error=error,
        retry_after_s=retry_after_s,
        refused=isinstance(result, RequestRefused),
    )
