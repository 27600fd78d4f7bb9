"""Emits events in the transaction of their change: no event without a change, no change without its event.

The fan-out to receivers happens here and not in a later job (docs/decisions/0003), unless it is large: then this
transaction writes what is to be written, and the fan-out follows in portions (docs/decisions/0042). Events without a
receiver are not written.
"""

import functools
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from sent_server.db import Tx
from sent_server.egress import UrlError, urls
from sent_server.events import fan_out, fan_out_store, store
from sent_server.events.interest import Interest, interest
from sent_server.events.model import Event
from sent_server.events.names import Label, callback_label
from sent_server.events.store import DeliveryRow, EventRow
from sent_server.kernel import ids

# Hint this topic after a commit with events, so that they are sent before the sender's next poll.
TOPIC = "webhooks"
NOTE = Label("webhook", names_event=False)
# A thousand recipients times a hundred webhooks are seconds of work. A transaction writes no more deliveries to
# webhooks than these.
WRITTEN_AT_ONCE = 2_000


async def emit(tx: Tx, events: Sequence[Event], known: Interest | None = None) -> None:
    """Write an event row per wanted event and a delivery per receiver. Pass `known` to avoid another query."""
    if not events:
        return
    if known is None:
        known = await interest(tx, sorted({event.customer_id for event in events}))
    large = _large(events, known)
    later: defaultdict[str, list[tuple[Event, str]]] = defaultdict(list)
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
        if event.customer_id in large:
            if receivers:
                later[event.customer_id].append((event, event_id))
        else:
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
    for customer_id, emitted in later.items():
        await fan_out_store.insert(tx, fan_out.pack(customer_id, emitted, known))
    if event_rows:
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


def _large(events: Sequence[Event], known: Interest) -> set[str]:
    """The customers whose fan-out follows later: this one is too large, or an earlier one is not complete. An event
    must not overtake earlier ones of the same message."""
    sizes: Counter[str] = Counter()
    for event in events:
        sizes[event.customer_id] += len(known.receivers(event.customer_id, event.name))
    large: set[str] = set()
    left = WRITTEN_AT_ONCE
    for customer_id, size in sizes.items():
        if size > left or customer_id in known.fanning_out:
            large.add(customer_id)
        else:
            left -= size
    return large


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
