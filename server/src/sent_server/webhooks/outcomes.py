"""Records the outcomes of finished attempts, in one transaction for all that are waiting."""

from collections.abc import Sequence

import structlog

from sent_server import events
from sent_server.db import Tx
from sent_server.events import ClaimedDelivery, DeliveryProgress
from sent_server.webhooks import breaker, parking, service, store
from sent_server.webhooks.model import DeliveryOutcome, EndpointHealth, Webhook
from sent_server.webhooks.parking import Keep
from sent_server.webhooks.store import Key

log = structlog.get_logger()
LONG_PARKED = "Disabled after 72 hours without an answer"
GAVE_UP = "Not delivered within 72 hours"


async def record(tx: Tx, sets: Sequence[Sequence[DeliveryOutcome]]) -> Sequence[None]:
    """A batched use case: one write for all attempts that finished during the last commit."""
    outcomes = [outcome for together in sets for outcome in together]
    keys = sorted({_key(outcome) for outcome in outcomes})
    healths = await store.health_of(tx, keys, lock=True)
    results: list[tuple[ClaimedDelivery, DeliveryProgress]] = []
    disabled: dict[Key, str] = {}
    for outcome in outcomes:
        key = _key(outcome)
        verdict = breaker.judge(outcome, healths.get(key, EndpointHealth()))
        healths[key] = verdict.health
        results.append((outcome.claimed, verdict.progress))
        if verdict.disable and outcome.claimed.callback_url is None:
            disabled[key] = verdict.disable
    await events.record(tx, results)
    await store.put_health(tx, {key: healths[key] for key in keys})
    for (customer_id, endpoint_id), reason in sorted(disabled.items()):
        now_ms = max(outcome.finished_at_ms for outcome in outcomes)
        await service.disable(tx, customer_id, endpoint_id, reason=reason, now_ms=now_ms)
        log.warning("webhook.disabled", webhook_id=endpoint_id, reason=reason)
    return [None] * len(sets)


async def tidy(tx: Tx, keys: Sequence[Key], *, now_ms: int, kept_ms: int, keep: Keep) -> int:
    """Clean up some endpoints.

    Disables webhooks that were unreachable for 72 h, fails events that waited too long, deletes log rows that finished
    `kept_ms` ago, and deletes the health of endpoints that are deleted and have no log.
    A transaction changes about PORTION rows, so it may end early. Returns the number of endpoints that are done.
    """
    webhooks, healths = await store.by_ids(tx, keys), await store.health_of(tx, keys)
    left = parking.PORTION
    for number, key in enumerate(keys):
        webhook, health = webhooks.get(key), healths.get(key, EndpointHealth())
        # The log's counter is locked before that of parked events, in the order of the code that writes events.
        left -= await events.forget_old(tx, *key, before_ms=now_ms - kept_ms, count=left)
        if left <= 0:
            return number
        if breaker.overdue(health, now_ms=now_ms) and webhook is not None and webhook.is_active:
            await service.disable(tx, *key, reason=LONG_PARKED, now_ms=now_ms)
            log.warning("webhook.disabled", webhook_id=key[1], reason="parked")
        else:
            left -= await _give_up(tx, key, webhook, health, keep, count=left, now_ms=now_ms)
        if left > 0 and (number + 1 == len(keys) or keys[number + 1][0] != key[0]):
            left -= await events.forget_events(tx, key[0], before_ms=now_ms - kept_ms, count=left)
        if left <= 0:
            return number
        if webhook is None and not await events.has_log(tx, *key) and await store.forget_health(tx, key, health):
            await events.forget_counts(tx, *key)
    return len(keys)


async def _give_up(
    tx: Tx, key: Key, webhook: Webhook | None, health: EndpointHealth, keep: Keep, *, count: int, now_ms: int
) -> int:
    """Fail up to `count` events that have waited too long. Returns their number."""
    if webhook is not None and not webhook.is_active:
        return await parking.prune(tx, webhook, keep, count=count, now_ms=now_ms)
    if webhook is not None and health.parked_at_ms is not None:
        return 0  # sent when the endpoint is back, or kept when it is disabled
    too_old_ms = now_ms - breaker.MAX_PARKED_MS
    given_up = await events.give_up(tx, *key, reason=GAVE_UP, created_before_ms=too_old_ms, count=count, now_ms=now_ms)
    if webhook is None and given_up < count:  # callbacks are never parked: these belong to a deleted webhook
        given_up += await events.drop_parked(tx, *key, count=count - given_up)
    return given_up


def _key(outcome: DeliveryOutcome) -> Key:
    return outcome.claimed.customer_id, outcome.claimed.endpoint_id
