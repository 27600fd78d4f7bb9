"""Lists of messages against a plain filter over the same rows, on both databases."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.backends import Backend
from harness.counting import CountingTx
from sent_server.db import Database, Tx, open_database
from sent_server.errors import ApiError
from sent_server.kernel import ids
from sent_server.kernel.paging import Cursor, Page
from sent_server.messages import log, store
from sent_server.messages.log_filter import EVERYTHING, MessageFilter
from sent_server.messages.model import Batch, Message
from sent_server.messages.statuses import MessageStatus

OURS, THEIRS, STRANGERS = "ours", "theirs", "nobody"
START_MS = 1_764_580_000_000
ROWS = 400
TEMPLATES = ("t1", "t2", None)
CHANNELS = ("sms", "whatsapp", "rcs", None)
CONTACTS = tuple(f"contact-{number}" for number in range(8))
PHONES = tuple(f"+1415555010{number}" for number in range(8))
STATUSES = tuple(status.value for status in MessageStatus)
# Most messages end alike, and some statuses are rare.
WEIGHTS = [1, 1, 1, 8, 2, 40, 20, 10, *[1] * (len(STATUSES) - 8)]
T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """A database of two accounts, and what the first one should see, newest first."""

    runner: asyncio.Runner
    database: Database
    rows: tuple[tuple[Message, Batch], ...]

    def read(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        return self.runner.run(self.database.read(fn))

    def page(self, page: Page, chosen: MessageFilter, limit: int) -> tuple[list[str], dict[str, Any]]:
        found = self.read(lambda tx: log.read(tx, OURS, page, chosen, limit=limit))
        assert all(batch.id == message.batch_id for message, batch in found.rows)
        return [message.id for message, _ in found.rows], found.pagination

    def fitting(self, chosen: MessageFilter) -> list[str]:
        return [message.id for message, batch in self.rows if fits(message, batch, chosen)]


def fits(message: Message, batch: Batch, chosen: MessageFilter) -> bool:
    return (
        (chosen.statuses is None or message.status in chosen.statuses)
        and (chosen.channel is None or message.channel == chosen.channel)
        and (chosen.is_inbound is None or (message.status == "RECEIVED") == chosen.is_inbound)
        and (chosen.template_id is None or batch.template_id == chosen.template_id)
        and (chosen.contact_ids is None or message.contact_id in chosen.contact_ids)
        and (chosen.phones is None or message.phone in chosen.phones)
        and (chosen.from_ms is None or message.created_at_ms >= chosen.from_ms)
        and (chosen.to_ms is None or message.created_at_ms < chosen.to_ms)
    )


def made(customer_id: str, now_ms: int, chance: random.Random, batch: Batch | None = None) -> tuple[Message, Batch]:
    person = chance.randrange(len(CONTACTS))
    batch = batch or Batch(**{
        **dict.fromkeys(Batch._fields),
        "customer_id": customer_id, "id": ids.new_id(now_ms), "template_id": chance.choice(TEMPLATES),
        "ledger_id": customer_id, "contents_json": "{}", "plans_json": "[]", "created_at_ms": now_ms,
    })  # fmt: skip
    message = Message(**{
        **dict.fromkeys(Message._fields),
        "customer_id": customer_id, "id": ids.new_id(now_ms), "batch_id": batch.id,
        "contact_id": CONTACTS[person], "phone": PHONES[person], "region_code": "US",
        "status": chance.choices(STATUSES, WEIGHTS)[0], "channel": chance.choice(CHANNELS),
        **dict.fromkeys(("leg", "legs", "plan_number", "held_micros", "last_sequence"), 0),
        "created_at_ms": now_ms, "updated_at_ms": now_ms,
    })  # fmt: skip
    return message, batch


async def insert(tx: Tx, rows: list[tuple[Message, Batch]]) -> None:
    await store.insert_batches(tx, list({batch.id: batch for _, batch in rows}.values()))
    await store.insert_messages(tx, [message for message, _ in rows])


@pytest.fixture(scope="module")
def world(backend: Backend) -> Iterator[World]:
    chance = random.Random(7)
    rows: list[tuple[Message, Batch]] = []
    now_ms = START_MS
    while len(rows) < ROWS:
        now_ms += chance.choice((0, 1, 1, 7))
        rows.append(first := made(chance.choice((OURS, OURS, THEIRS)), now_ms, chance))
        for _ in range(chance.choice((0, 0, 0, 5))):  # a request to several people
            rows.append(made(first[0].customer_id, now_ms, chance, first[1]))
    with asyncio.Runner() as runner:
        database = runner.run(open_database(backend.new_url()))
        runner.run(database.write(lambda tx: insert(tx, rows)))
        own = sorted((row for row in rows if row[0].customer_id == OURS), key=lambda row: row[0].id, reverse=True)
        yield World(runner, database, tuple(own))
        runner.run(database.close())


def rarely(values: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Mostly None, so that the filters together still find something."""
    return st.one_of(st.none(), st.none(), st.none(), values)


MOMENTS = rarely(st.integers(START_MS - 5, START_MS + ROWS * 2))
FILTERS = st.builds(
    MessageFilter,
    statuses=rarely(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3, unique=True).map(tuple)),
    channel=rarely(st.sampled_from(("sms", "whatsapp", "rcs", "mms"))),
    is_inbound=rarely(st.booleans()),
    template_id=rarely(st.sampled_from(("t1", "t2", "t3"))),
    contact_ids=st.none() | st.lists(st.sampled_from((*CONTACTS, "gone")), max_size=3, unique=True).map(tuple),
    phones=rarely(st.lists(st.sampled_from(PHONES), min_size=1, max_size=2, unique=True).map(tuple)),
    from_ms=MOMENTS,
    to_ms=MOMENTS,
)
SIZES = st.sampled_from((1, 7, 20, 100))
LIMITS = st.sampled_from((5, 40, 10_000))
COMPARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def follow(position: dict[str, Any], direction: str, size: int) -> Page | None:
    text = position["cursors"][direction]
    if text is None:
        return None
    cursor = Cursor.decode(text)
    assert cursor is not None
    return Page(cursor.number, size, **{direction: cursor.key}, total_count=cursor.total_count)


@COMPARED
@given(FILTERS, SIZES, LIMITS)
def test_a_walk_by_cursor_shows_what_a_plain_filter_finds(
    world: World, chosen: MessageFilter, size: int, limit: int
) -> None:
    wanted, seen, page, first_total = world.fitting(chosen), list[str](), Page(1, size), None
    walked = 0
    while page is not None:
        shown, position = world.page(page, chosen, limit)
        walked += 1
        assert walked <= 2 + len(world.rows) * 3
        first_total = position["total_count"] if first_total is None else first_total
        assert position["total_count"] == first_total <= len(wanted)
        seen += shown
        assert position["has_more"] == (position["cursors"]["after"] is not None)
        page = follow(position, "after", size)
    assert seen == wanted
    if limit > ROWS:
        assert first_total == len(wanted)


@COMPARED
@given(FILTERS, SIZES, LIMITS)
def test_a_walk_back_shows_the_same(world: World, chosen: MessageFilter, size: int, limit: int) -> None:
    wanted = world.fitting(chosen)
    beyond = "0" * 36  # as if the walk came from behind the oldest message
    page: Page | None = Page(9, size, before=beyond, total_count=0)
    seen: list[str] = []
    while page is not None:
        shown, position = world.page(page, chosen, limit)
        seen = shown + seen
        page = follow(position, "before", size)
    assert seen == wanted


@COMPARED
@given(FILTERS, SIZES, LIMITS)
def test_pages_by_number_show_the_same_up_to_the_limit(
    world: World, chosen: MessageFilter, size: int, limit: int
) -> None:
    wanted = world.fitting(chosen)
    seen, position = world.page(Page(1, size), chosen, limit)
    number = 2
    while len(seen) < position["total_count"]:
        shown, position = world.page(Page(number, size), chosen, limit)
        assert len(shown) == min(size, position["total_count"] - len(seen))
        seen += shown
        number += 1
    assert seen == wanted[: len(seen)]
    if position["has_more"]:
        assert limit < ROWS
        with pytest.raises(ApiError) as refused:
            world.page(Page(number, size), chosen, limit)
        assert "'after'" in (refused.value.details or {})["page"][0]
    else:
        assert (seen, position["total_pages"]) == (wanted, number - 1 if wanted else 0)


def test_a_page_number_behind_the_limit_names_the_cursor(world: World) -> None:
    shown, position = world.page(Page(4, 10), EVERYTHING, 35)
    assert (len(shown), position["total_count"], position["has_more"]) == (5, 35, True)
    with pytest.raises(ApiError) as refused:
        world.page(Page(5, 10), EVERYTHING, 35)
    assert refused.value.code == "VALIDATION_005"
    following = follow(position, "after", 10)
    assert following is not None
    assert world.page(following, EVERYTHING, 35)[0] == [message.id for message, _ in world.rows[35:45]]


@pytest.mark.parametrize("chosen", [EVERYTHING, MessageFilter(contact_ids=CONTACTS[:3])], ids=["all", "three people"])
def test_no_row_behind_the_limit_is_counted(world: World, chosen: MessageFilter) -> None:
    """For several people, the reach is that of the one who wrote most."""
    limit = 20
    streams = [[row.id for row, _ in world.rows if row.contact_id == one] for one in chosen.contact_ids or ()]
    ends = [ids_[limit] for ids_ in streams or [[row.id for row, _ in world.rows]] if len(ids_) > limit]
    reached = [row_id for row_id in world.fitting(chosen) if row_id > max(ends)]
    shown, position = world.page(Page(1, 100), chosen, limit)
    assert (shown, position["total_count"], position["has_more"]) == (reached, len(reached), True)


def test_exactly_as_many_rows_as_the_limit_are_a_complete_list(world: World) -> None:
    count = len(world.rows)
    _, position = world.page(Page(-(-count // 100), 100), EVERYTHING, count)
    assert (position["total_count"], position["has_more"]) == (count, False)


def test_a_search_that_finds_nothing_in_reach_is_an_empty_page_that_goes_on(world: World) -> None:
    rare = MessageFilter(phones=("+14155559999",))
    shown, position = world.page(Page(), rare, 40)
    assert (shown, position["total_count"], position["has_more"]) == ([], 0, True)
    assert position["cursors"]["after"] is not None


def test_rows_that_arrive_between_pages_are_neither_repeated_nor_in_the_way(world: World) -> None:
    late = [made(STRANGERS, START_MS + number, random.Random(number)) for number in range(30)]
    world.runner.run(world.database.write(lambda tx: insert(tx, late[:20])))

    def page(page: Page) -> tuple[list[str], dict[str, Any]]:
        found = world.read(lambda tx: log.read(tx, STRANGERS, page))
        return [message.id for message, _ in found.rows], found.pagination

    shown, position = page(Page(1, 6))
    seen = list(shown)
    world.runner.run(world.database.write(lambda tx: insert(tx, late[20:])))
    while (following := follow(position, "after", 6)) is not None:
        shown, position = page(following)
        seen += shown
    assert seen == [message.id for message, _ in reversed(late[:20])]


@pytest.mark.parametrize(
    "chosen",
    [EVERYTHING, MessageFilter(statuses=("DELIVERED",)), MessageFilter(contact_ids=CONTACTS[:1]),
     MessageFilter(template_id="t1")],
    ids=["unfiltered", "by status", "by contact", "by template"],
)  # fmt: skip
def test_a_page_of_a_hundred_needs_no_more_statements_than_a_page_of_one(world: World, chosen: MessageFilter) -> None:
    def statements(size: int) -> int:
        async def run(tx: Tx) -> int:
            counting = CountingTx(tx)
            await log.read(counting, OURS, Page(1, size), chosen)
            return counting.statements

        return world.read(run)

    assert statements(100) == statements(1) <= 4


def test_times_are_inclusive_at_the_start_and_exclusive_at_the_end(world: World) -> None:
    at_ms = world.rows[len(world.rows) // 2][0].created_at_ms
    alike = [message.id for message, _ in world.rows if message.created_at_ms == at_ms]
    shown, _ = world.page(Page(1, 100), MessageFilter(from_ms=at_ms, to_ms=at_ms + 1), 10_000)
    assert shown == alike
    assert world.page(Page(1, 100), MessageFilter(from_ms=at_ms, to_ms=at_ms), 10_000)[0] == []


def test_totals_of_a_contact_are_those_of_a_plain_count_up_to_the_limit(world: World) -> None:
    contact_id = CONTACTS[0]
    own = [message for message, _ in world.rows if message.contact_id == contact_id]
    for limit in (10, 10_000):
        found = world.read(lambda tx, limit=limit: log.totals_of(tx, OURS, contact_id, limit=limit))
        counted = own[:limit]
        assert found.first_id == own[-1].id
        assert sum(total.messages for total in found.totals) == len(counted)
        for total in found.totals:
            alike = [row.id for row in counted if (row.channel, row.status) == (total.channel, total.status)]
            assert (total.messages, total.first_id, total.last_id) == (len(alike), min(alike), max(alike))


def test_nobody_else_sees_them(world: World) -> None:
    everybody = replace(EVERYTHING, contact_ids=CONTACTS)
    found = world.read(lambda tx: log.read(tx, THEIRS, Page(1, 100), everybody))
    assert found.rows
    assert {message.customer_id for message, _ in found.rows} == {THEIRS}
