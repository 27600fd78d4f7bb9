"""Emits events in the transaction of their change: no event without a change, no change without its event.

The fan-out to receivers happens here and not in a later job (docs/decisions/0003). Events without a receiver are
not written.
"""

import asyncio
import functools
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from sent_server.db import Tx
from sent_server.egress import UrlError, urls
from sent_server.events import store
from sent_server.events.model import Event
from sent_server.events.names import Label, callback_label
from sent_server.events.store import DeliveryRow, EventRow, SubscriptionRow
from sent_server.kernel import ids
from sent_server.kernel.values import value_object

# Hint this topic after a commit with events, so that they are sent before the sender's next poll.
TOPIC = "webhooks"
NOTE = Label("webhook", names_event=False)
# A thousand recipients times a hundred webhooks are seconds of work. Other tasks run between these batches.
DELIVERIES_AT_ONCE = 500


@value_object
class Subscriber:
    """`parks`: the webhook is disabled. Its events are kept and are sent when it is enabled again.

    `owner_id` is the customer that owns the webhook: that of the event, or its organization.
    """

    owner_id: str
    endpoint_id: str
    label: Label
    parks: bool


class Interest:
    """The webhooks of some customers by wanted event, read in one statement."""

    __slots__ = ("_by_event",)

    def __init__(self, rows: Sequence[tuple[SubscriptionRow, str]]) -> None:
        self._by_event: dict[tuple[str, str], list[Subscriber]] = {}
        for (customer_id, event_name, endpoint_id, field, names_event, parks), owner_id in rows:
            receivers = self._by_event.setdefault((customer_id, event_name), [])
            receivers.append(Subscriber(owner_id, endpoint_id, Label(field, bool(names_event)), bool(parks)))

    def wants(self, customer_id: str, name: str) -> bool:
        """Whether a webhook wants the event. Does not include callback addresses, which receive every event."""
        return (customer_id, name) in self._by_event

    def receivers(self, customer_id: str, name: str) -> Sequence[Subscriber]:
        """The webhooks that want the event."""
        return self._by_event.get((customer_id, name), ())


async def interest(tx: Tx, customer_ids: Sequence[str]) -> Interest:
    """Read the interest of any number of customers in one statement. Callers then build only wanted payloads."""
    return Interest(await store.wanted(tx, customer_ids))


async def emit(tx: Tx, events: Sequence[Event], known: Interest | None = None) -> None:
    """Write an event row per wanted event and a delivery per receiver. Pass `known` to avoid another query."""
    if not events:
        return
    if known is None:
        known = await interest(tx, sorted({event.customer_id for event in events}))
    event_rows: list[EventRow] = []
    deliveries: list[DeliveryRow] = []
    counts: Counter[tuple[str, str]] = Counter()
    parked: Counter[tuple[str, str]] = Counter()
    for event in events:
        receivers = known.receivers(event.customer_id, event.name)
        if not receivers and not event.callback_url:
            continue
        event_id = ids.new_id(event.at_ms)
        owners = {one.owner_id for one in receivers}
        if event.callback_url:
            owners.add(event.customer_id)
        # A copy for each owner of a webhook, because deliveries, log and retention are the owner's.
        event_rows += (_event_row(event, event_id, owner_id) for owner_id in sorted(owners))
        for one in receivers:
            deliveries.append(
                _delivery_row(event, event_id, one.endpoint_id, one.label, owner_id=one.owner_id, parks=one.parks)
            )
            key = (one.owner_id, one.endpoint_id)
            counts[key] += 1
            if one.parks:
                parked[key] += 1
        if event.callback_url:
            endpoint_id = callback_endpoint_id(event.customer_id, event.callback_url)
            label = callback_label(event.name)
            deliveries.append(_delivery_row(event, event_id, endpoint_id, label, url=event.callback_url))
        if len(deliveries) >= DELIVERIES_AT_ONCE:
            await store.insert(tx, event_rows, deliveries, {}, {})  # counters at the end, to lock them in order
            event_rows.clear()
            deliveries.clear()
            await asyncio.sleep(0)
    if event_rows or counts:
        await store.insert(tx, event_rows, deliveries, counts, parked)


async def note(tx: Tx, event: Event, endpoint_id: str, *, message: str) -> None:
    """Add an entry to an endpoint's log that is never sent, such as the reason why it was disabled."""
    event_id = ids.new_id(event.at_ms)
    row = _delivery_row(event, event_id, endpoint_id, NOTE, note_text=message)
    await store.insert(
        tx, [_event_row(event, event_id, event.customer_id)], [row], {(event.customer_id, endpoint_id): 1}, {}
    )


@functools.lru_cache(maxsize=4_096)
def callback_endpoint_id(customer_id: str, url: str) -> str:
    """The endpoint id of a callback address. There is one queue and one breaker per customer and origin."""
    try:
        parsed = urls.parse(url)
        origin = f"{parsed.scheme}://{parsed.host_header}"
    except UrlError:  # accepted by an earlier version; never called
        origin = url
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{customer_id} {origin}"))


def _event_row(event: Event, event_id: str, owner_id: str) -> EventRow:
    payload: Any = dict(event.payload)
    payload_json = orjson.dumps(payload).decode()
    return EventRow(owner_id, event_id, event.name, event.subject_id, payload_json, event.at_ms)


def _delivery_row(
    event: Event,
    event_id: str,
    endpoint_id: str,
    label: Label,
    *,
    owner_id: str | None = None,
    parks: bool = False,
    url: str | None = None,
    note_text: str | None = None,
) -> DeliveryRow:
    at_ms, is_note = event.at_ms, note_text is not None
    return DeliveryRow(
        customer_id=owner_id or event.customer_id,
        endpoint_id=endpoint_id,
        id=ids.new_id(at_ms),
        event_id=event_id,
        event_name=event.name,
        field=label.field,
        names_event=int(label.names_event),
        callback_url=url,
        status="failed" if is_note else "pending",
        due_at_ms=None if is_note or parks else at_ms,
        error_message=note_text,
        created_at_ms=at_ms,
        completed_at_ms=at_ms if is_note else None,
    )
