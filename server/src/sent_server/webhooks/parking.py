"""Events of a webhook while it is off, and when it is on again.

    enabled --410, ten failed events, 72 h unreachable--> disabled: new events are parked
       | +--a person--> switched off: no new events                  |
       |                                                             | enabled again
       +<--parked events go back into the queue, a batch at a time---+

All functions may be called repeatedly and late. The scan of the queue finds due deliveries of a webhook that is off,
and `releasing_since_ms` stays set for at least a minute. So a process may die in between, and a transaction that read
the old state of the webhook may commit late.
"""

from collections.abc import Sequence

from sent_server import events
from sent_server.db import Tx
from sent_server.kernel.values import value_object
from sent_server.webhooks import store
from sent_server.webhooks.model import Webhook
from sent_server.webhooks.store import Key

PORTION = 1_000
RELEASED_AT_ONCE = 20  # webhooks
# Longer than the rest of a transaction that read the old subscriptions.
SETTLED_AFTER_MS = 60_000
TOO_OLD = "Given up: the webhook has been off for 30 days since this event"
TOO_MANY = "Given up: more than {kept:,} events waited for the webhook while it was off"


@value_object
class Keep:
    """The maximum number and age of an endpoint's parked events."""

    events: int = 100_000
    age_ms: int = 30 * 86_400_000


async def park(tx: Tx, keys: Sequence[Key], *, now_ms: int) -> None:
    """Park the due deliveries of webhooks that are off, and drop those of deleted webhooks."""
    count = _share(keys)
    for key in sorted(keys):
        found = await store.locked(tx, *key)
        if found is None:
            await events.unsubscribe(tx, *key)  # what a process of the release before has left
            await events.drop_due(tx, *key, count=count, now_ms=now_ms)
        elif not found[0].is_active:
            await events.park_due(tx, *key, count=count, now_ms=now_ms)


async def begin_release(tx: Tx, webhook: Webhook, *, now_ms: int) -> None:
    """Release the parked events of a webhook that is on again, a first batch with this commit."""
    key = webhook.customer_id, webhook.id
    await store.set_releasing(tx, key, now_ms)
    await events.release(tx, *key, count=PORTION, now_ms=now_ms)


async def go_on(tx: Tx, *, now_ms: int) -> bool:
    """Release another batch of each webhook that is being released. Returns whether there are more."""
    releasing = await store.releasing(tx, count=RELEASED_AT_ONCE)
    count, more = _share([key for key, _ in releasing]), False
    for key, since_ms in sorted(releasing):
        found = await store.locked(tx, *key)
        if found is None or not found[0].is_active:
            await store.set_releasing(tx, key, None)
            continue
        released = await events.release(tx, *key, count=count, now_ms=now_ms)
        more = more or released == count
        if not released and since_ms <= now_ms - SETTLED_AFTER_MS:
            await store.set_releasing(tx, key, None)
            await events.forget_parked_count(tx, *key)
    return more


async def prune(tx: Tx, webhook: Webhook, keep: Keep, *, count: int, now_ms: int) -> int:
    """Fail up to `count` parked events that are too old or too many. Returns their number."""
    key = webhook.customer_id, webhook.id
    old = await events.fail_older(tx, *key, before_ms=now_ms - keep.age_ms, reason=TOO_OLD, count=count, now_ms=now_ms)
    if old == count:
        return old
    reason = TOO_MANY.format(kept=keep.events)
    return old + await events.fail_beyond(tx, *key, kept=keep.events, reason=reason, count=count - old, now_ms=now_ms)


def _share(keys: Sequence[Key]) -> int:
    """The number of rows per webhook that keeps a transaction short."""
    return max(1, PORTION // max(1, len(keys)))
