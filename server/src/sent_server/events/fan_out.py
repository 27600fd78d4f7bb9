"""Deliveries that are written after the commit of their events, because they are many (docs/decisions/0042).

A row names some events, and the webhooks that wanted each of them at that time. Its deliveries have an order: event by
event, and for each event webhook by webhook. `done` counts those that are written, so that any portion can be next.
"""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sent_server.db import Tx
from sent_server.events import fan_out_store, store
from sent_server.events.fan_out_store import FanOutRow
from sent_server.events.interest import Interest, Subscriber
from sent_server.events.model import Event
from sent_server.events.names import Label
from sent_server.events.store import DeliveryRow
from sent_server.kernel import ids
from sent_server.kernel.values import value_object

# A row is read and updated once per portion, so it must not be much larger than what a portion writes.
EVENTS_PER_ROW = 200
# A customer's rows that one portion continues. Most are smaller than a portion.
ROWS_AT_ONCE = 20


@value_object
class Due:
    """A delivery to write, in the log of the customer that owns the webhook."""

    owner_id: str
    event_id: str
    event_name: str
    at_ms: int
    endpoint_id: str
    label: Label


def pack(customer_id: str, emitted: Sequence[tuple[Event, str]], interest: Interest) -> list[FanOutRow]:
    """The rows for events of one customer, each with its id. They sort after the customer's rows that exist."""
    newest_id = interest.fanning_out.get(customer_id, "")
    rows: list[FanOutRow] = []
    for start in range(0, len(emitted), EVENTS_PER_ROW):
        part = emitted[start : start + EVENTS_PER_ROW]
        names = dict.fromkeys(event.name for event, _ in part)
        receivers = {name: interest.receivers(customer_id, name) for name in names}
        content = {
            "receivers": {name: [_receiver(one) for one in wanting] for name, wanting in receivers.items()},
            "events": [(event_id, event.name, event.at_ms) for event, event_id in part],
        }
        total = sum(len(receivers[event.name]) for event, _ in part)
        row_id = ids.new_id(part[0][0].at_ms)
        if row_id <= newest_id:  # another machine's clock is ahead
            row_id = ids.after(newest_id)
        rows.append(FanOutRow(customer_id, row_id, orjson.dumps(content).decode(), total, 0))
        newest_id = row_id
    return rows


def portion(row: FanOutRow, *, count: int) -> list[Due]:
    """The next deliveries of a row, up to `count`."""
    content: Mapping[str, Any] = orjson.loads(row.content_json)
    receivers: Mapping[str, Sequence[tuple[str, str, str, int]]] = content["receivers"]
    found: list[Due] = []
    skip = row.done
    for event_id, name, at_ms in content["events"]:
        wanting = receivers[name]
        for owner_id, endpoint_id, field, names_event in wanting[skip : skip + count - len(found)]:
            found.append(Due(owner_id, event_id, name, at_ms, endpoint_id, Label(field, bool(names_event))))
        if len(found) == count:
            break
        skip = max(0, skip - len(wanting))
    return found


async def next_portion(tx: Tx, customer_id: str, *, count: int) -> list[tuple[FanOutRow, list[Due]]]:
    """Up to `count` of a customer's deliveries that are not written yet, by row, the oldest first."""
    found: list[tuple[FanOutRow, list[Due]]] = []
    for row in await fan_out_store.oldest(tx, customer_id, count=ROWS_AT_ONCE):
        due = portion(row, count=count)
        found.append((row, due))
        count -= len(due)
        if not count:
            break
    return found


async def write_portion(
    tx: Tx, due_by_row: Sequence[tuple[FanOutRow, Sequence[Due]]], *, parks: Mapping[str, bool]
) -> None:
    """Write the deliveries to the webhooks in `parks`, which says whether each of them is disabled."""
    deliveries: list[DeliveryRow] = []
    counts: Counter[tuple[str, str]] = Counter()
    parked: Counter[tuple[str, str]] = Counter()
    for row, due in due_by_row:
        for one in due:
            if one.endpoint_id not in parks:
                continue
            deliveries.append(_delivery_row(one, parks=parks[one.endpoint_id]))
            key = (one.owner_id, one.endpoint_id)
            counts[key] += 1
            parked[key] += parks[one.endpoint_id]
        await fan_out_store.advance(tx, row, written=len(due))
    await store.insert(tx, (), deliveries, counts, parked)


def delivery_id(event_id: str, endpoint_id: str) -> str:
    """An id of the event's millisecond. Those of an endpoint sort like their events, whenever they are made."""
    return ids.shifted(event_id, zlib.crc32(endpoint_id.encode()))


def _delivery_row(due: Due, *, parks: bool) -> DeliveryRow:
    return DeliveryRow(
        customer_id=due.owner_id,
        endpoint_id=due.endpoint_id,
        id=delivery_id(due.event_id, due.endpoint_id),
        event_id=due.event_id,
        event_name=due.event_name,
        field=due.label.field,
        names_event=int(due.label.names_event),
        callback_url=None,
        status="pending",
        due_at_ms=None if parks else due.at_ms,
        error_message=None,
        created_at_ms=due.at_ms,
        completed_at_ms=None,
    )


def _receiver(one: Subscriber) -> tuple[str, str, str, int]:
    return one.owner_id, one.endpoint_id, one.label.field, int(one.label.names_event)
