"""Claims due deliveries, with everything that sending them needs, in one transaction.

Secret and URL are read with the claim and used at once, so that a rotation or an edit takes effect immediately.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from cryptography.exceptions import InvalidTag

from sent_server import events
from sent_server.db import Tx
from sent_server.events import ClaimedDelivery, DeliveryProgress, DueEndpoint, EventContent, Share
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.webhooks import breaker, store, test_event
from sent_server.webhooks.model import EndpointHealth, Target, Webhook
from sent_server.webhooks.signing import SignatureMode
from sent_server.webhooks.store import Key

log = structlog.get_logger()
CALLBACK_RETRIES = 3
CALLBACK_TIMEOUT_SECONDS = 30
LEASE_MARGIN_MS = 30_000
NO_CONTENT = "The event is no longer stored"

# (tx, customer_id) -> the account's secret for callback addresses
CallbackSecret = Callable[[Tx, str], Awaitable[str]]


@value_object
class Ready:
    """A claimed delivery, with everything that its request needs."""

    claimed: ClaimedDelivery
    target: Target
    content: EventContent


@value_object
class TargetResolver:
    """Opens the secrets of targets."""

    sealer: Sealer
    callback_secret: CallbackSecret

    async def target(self, tx: Tx, endpoint: DueEndpoint, webhook: Webhook | None) -> Target | None:
        """Returns None if the webhook is off or deleted."""
        if endpoint.callback_url is None:
            return self._webhook_target(webhook) if webhook and webhook.is_active else None
        return Target(
            customer_id=endpoint.customer_id,
            endpoint_id=endpoint.endpoint_id,
            header_id=endpoint.customer_id,
            url=None,
            secret=await self.callback_secret(tx, endpoint.customer_id),
            mode=SignatureMode.V1,
            retry_count=CALLBACK_RETRIES,
            timeout_seconds=CALLBACK_TIMEOUT_SECONDS,
        )

    def _webhook_target(self, webhook: Webhook) -> Target | None:
        try:
            return test_event.target(webhook, self.sealer)
        except InvalidTag:
            # Sealed with another master key. Only this webhook waits.
            log.error("webhook.secret_unreadable", webhook_id=webhook.id)
            return None


@value_object
class Look:
    """A scan of a part of the queue.

    `ready` endpoints may receive deliveries. The deliveries of `off` webhooks, which are off or deleted, must leave the
    queue. `following` is where the next scan starts, "" at the end.
    """

    ready: Sequence[DueEndpoint]
    off: Sequence[Key]
    following: str


async def sendable(tx: Tx, *, after: str, now_ms: int, count: int) -> Look:
    """Scan up to `count` endpoints with due deliveries that come after the endpoint `after`."""
    due, following = await events.due_endpoints(tx, after=after, now_ms=now_ms, count=count)
    if not due:
        return Look((), (), following)
    keys = [(endpoint.customer_id, endpoint.endpoint_id) for endpoint in due]
    webhooks, healths = await store.by_ids(tx, keys), await store.health_of(tx, keys)
    ready: list[DueEndpoint] = []
    off: list[Key] = []
    for endpoint, key in zip(due, keys, strict=True):
        if not endpoint.callback_url and not _is_on(webhooks.get(key)):
            off.append(key)
        elif _may_send(healths.get(key), now_ms):
            ready.append(endpoint)
    return Look(ready, off, following)


async def take(
    tx: Tx, endpoints: Sequence[DueEndpoint], shares: Mapping[str, int], book: TargetResolver, *, now_ms: int
) -> list[Ready]:
    """Claim each endpoint's share. A parked endpoint gets a single probe."""
    keys = [(endpoint.customer_id, endpoint.endpoint_id) for endpoint in endpoints]
    webhooks, healths = await store.by_ids(tx, keys), await store.health_of(tx, keys)
    targets: dict[str, Target] = {}
    wanted: list[Share] = []
    for endpoint, key in zip(endpoints, keys, strict=True):
        target = await book.target(tx, endpoint, webhooks.get(key))
        count = shares.get(endpoint.endpoint_id, 0)
        if target is None or not count:
            continue
        health = healths.get(key)
        if health is not None and health.parked_at_ms is not None:
            if not await store.take_probe(tx, key, now_ms=now_ms, probe_at_ms=now_ms + breaker.PARKING.probe_every_ms):
                continue
            count = 1
        targets[endpoint.endpoint_id] = target
        wanted.append(Share(endpoint.endpoint_id, count, target.timeout_seconds * 1000 + LEASE_MARGIN_MS))
    claimed = await events.claim(tx, wanted, now_ms=now_ms)
    contents = await events.contents(tx, [(one.customer_id, one.event_id) for one in claimed])
    lost = [one for one in claimed if one.event_id not in contents]
    if lost:
        await events.record(tx, [(one, _without_content(one, now_ms)) for one in lost])
    return [Ready(one, targets[one.endpoint_id], contents[one.event_id]) for one in claimed if one.event_id in contents]


def _without_content(claimed: ClaimedDelivery, now_ms: int) -> DeliveryProgress:
    """Fail a delivery whose event was deleted, by hand or by a restore, so that it does not block the others."""
    return DeliveryProgress(
        status="failed",
        attempts=claimed.attempts,
        retries_used=claimed.retries_used,
        due_at_ms=None,
        http_status_code=None,
        response_body=None,
        error_message=NO_CONTENT,
        started_at_ms=None,
        completed_at_ms=now_ms,
    )


def _may_send(health: EndpointHealth | None, now_ms: int) -> bool:
    return health is None or health.breaker.may_attempt(now_ms)


def _is_on(webhook: Webhook | None) -> bool:
    return webhook is not None and webhook.is_active
