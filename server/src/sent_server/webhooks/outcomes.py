"""Writes down how attempts went, for all that finished meanwhile in one transaction."""

from collections.abc import Sequence

import structlog

from sent_server import events
from sent_server.db import Tx
from sent_server.events import Claimed, Progress
from sent_server.webhooks import breaker, service, store
from sent_server.webhooks.model import Health, Outcome
from sent_server.webhooks.store import Key

log = structlog.get_logger()
LONG_PARKED = "Disabled after 72 hours without an answer"
GAVE_UP = "Not delivered within 72 hours: the endpoint was unreachable or switched off"


async def record(tx: Tx, outcomes: Sequence[Outcome]) -> Sequence[None]:
    """A batched use case: one write for everything that finished while the last one was committed."""
    keys = sorted({_key(outcome) for outcome in outcomes})
    healths = await store.health_of(tx, keys, lock=True)
    results: list[tuple[Claimed, Progress]] = []
    disabled: dict[Key, str] = {}
    for outcome in outcomes:
        key = _key(outcome)
        verdict = breaker.judge(outcome, healths.get(key, Health()))
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
    return [None] * len(outcomes)


async def tidy(tx: Tx, keys: Sequence[Key], *, now_ms: int, kept_ms: int) -> None:
    """Give up what has waited 72 h, switch off who has been parked that long, drop log rows older than `kept_ms`."""
    for key, health in (await store.health_of(tx, keys)).items():
        if breaker.overdue(health, now_ms=now_ms):
            await service.disable(tx, *key, reason=LONG_PARKED, now_ms=now_ms)
            log.warning("webhook.disabled", webhook_id=key[1], reason="parked")
        too_old_ms = now_ms - breaker.MAX_PARKED_MS
        await events.give_up(tx, *key, reason=GAVE_UP, created_before_ms=too_old_ms, now_ms=now_ms)
        await events.forget_old(tx, *key, before_ms=now_ms - kept_ms)


def _key(outcome: Outcome) -> Key:
    return outcome.claimed.customer_id, outcome.claimed.endpoint_id
