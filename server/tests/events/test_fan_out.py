"""How a large fan-out is cut into rows and portions. Pure; `webhooks/test_webhook_fan_out.py` has the databases."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sent_server.events import Event, Interest, fan_out
from sent_server.events.fan_out import Due
from sent_server.events.names import Label
from sent_server.events.store import SubscriptionRow
from sent_server.kernel import ids

CUSTOMER = "01900000-0000-7000-8000-00000000000a"
OWNERS = (CUSTOMER, "01900000-0000-7000-8000-00000000000b")
NAMES = ("message.queued", "message.sent", "message.failed")
Wanted = dict[str, list[str]]

wanted = st.fixed_dictionaries({name: st.lists(st.sampled_from("abcdefgh"), unique=True) for name in NAMES})
happened = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1_000, 1_003)), min_size=1, max_size=500)


def interest(wants: Wanted) -> Interest:
    return Interest(
        [
            (SubscriptionRow(CUSTOMER, name, endpoint_id, "messages", place % 2, 0), OWNERS[place % 2])
            for name, endpoints in wants.items()
            for place, endpoint_id in enumerate(endpoints)
        ]
    )


def emitted(told: list[tuple[str, int]]) -> list[tuple[Event, str]]:
    return [(Event(CUSTOMER, name, "m", {}, at_ms), f"event-{number}") for number, (name, at_ms) in enumerate(told)]


@given(wanted, happened, st.data())
def test_portions_of_any_size_are_every_delivery_once_and_in_order(
    wants: Wanted, told: list[tuple[str, int]], data: st.DataObject
) -> None:
    pairs = emitted(told)
    rows = fan_out.pack(CUSTOMER, pairs, interest(wants))
    written: list[Due] = []
    for row in rows:
        while row.done < row.total:
            count = data.draw(st.integers(1, 600))
            part = fan_out.portion(row, count=count)
            assert len(part) == min(count, row.total - row.done), "as much as there is"
            written += part
            row = row._replace(done=row.done + len(part))
    assert written == [
        Due(OWNERS[place % 2], event_id, event.name, event.at_ms, endpoint_id, Label("messages", bool(place % 2)))
        for event, event_id in pairs
        for place, endpoint_id in enumerate(wants[event.name])
    ]


@given(wanted, happened, st.integers(0, 2_000))
def test_the_ids_of_rows_sort_in_the_order_of_their_events_after_those_that_exist(
    wants: Wanted, told: list[tuple[str, int]], newest_ms: int
) -> None:
    known = interest(wants)
    known.fanning_out[CUSTOMER] = ids.new_id(newest_ms)
    rows = fan_out.pack(CUSTOMER, emitted(told), known)
    every = [known.fanning_out[CUSTOMER], *(row.id for row in rows)]
    assert every == sorted(set(every))
    assert len(rows) == -(-len(told) // fan_out.EVENTS_PER_ROW)


@given(st.lists(st.integers(1_000, 1_003), min_size=2), st.uuids(), st.uuids())
def test_the_ids_of_deliveries_are_unique_and_sort_like_their_events(told: list[int], one: UUID, other: UUID) -> None:
    events = sorted(ids.new_id(at_ms) for at_ms in told)
    own = [fan_out.delivery_id(event_id, str(one)) for event_id in events]
    assert own == sorted(set(own))
    assert [delivery_id[:13] for delivery_id in own] == [event_id[:13] for event_id in events]
    assert one == other or own != [fan_out.delivery_id(event_id, str(other)) for event_id in events]
