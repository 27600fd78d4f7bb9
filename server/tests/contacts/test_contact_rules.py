"""Contacts on both engines: what sending sees, consent, counters, and several writers at once."""

import asyncio
import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sent_server.carriers.simulator import handsets
from sent_server.carriers.simulator.reach import SimulatedReach
from sent_server.contacts import service, store
from sent_server.db import migrate
from sent_server.db.open import open_database
from sent_server.errors import ApiError
from sent_server.kernel import ids
from sent_server.kernel.paging import Page

REACH = SimulatedReach()
US = "0190a000-0000-7000-8000-000000000001"
THEM = "0190a000-0000-7000-8000-000000000002"
ADA, BOB, LANDLINE, TAKES_RCS = "+14155551001", "+447700900123", "+14155550112", "+14155550114"
UNKNOWN_ID = "0190a0b0-c0d0-7000-8000-00000000dead"
LARGE = 1_000_000
COUNT = "SELECT COUNT(*) FROM contacts WHERE customer_id = :customer_id AND available_channels LIKE :pattern"
COUNTERS = "SELECT name, total FROM counters WHERE customer_id = :customer_id"


@contextlib.asynccontextmanager
async def opened(url):
    database = await open_database(url)
    try:
        await migrate.apply(database)
        yield database
    finally:
        await database.close()


def run(url, scenario):
    async def go():
        async with opened(url) as database:
            await scenario(database)

    asyncio.run(go())


def create(customer_id, number, *, quota=LARGE, now_ms=1_000):
    return lambda tx: service.create(tx, customer_id, number, reach=REACH, quota=quota, now_ms=now_ms)


def update(contact_id, *, now_ms=2_000, **changes):
    given = {"default_channel": None, "opt_out": None, "number": None, **changes}
    return lambda tx: service.update(tx, US, contact_id, reach=REACH, now_ms=now_ms, **given)


def recipients(numbers, *, now_ms=1_000):
    return lambda tx: service.for_sending(tx, US, numbers, reach=REACH, now_ms=now_ms)


async def send_to(tx, numbers):
    """What accepting does: look up, decide, insert."""
    found = await service.for_sending(tx, US, numbers, reach=REACH, now_ms=1_000)
    await service.insert_new(tx, US, [r for r in found.values() if r.is_new], now_ms=1_000)
    return {number: recipient.id for number, recipient in found.items()}


async def counters_agree(database):
    async def look(tx):
        kept = dict(map(tuple, await tx.fetch(COUNTERS, customer_id=US)))
        for name, pattern in [("contacts", "%"), *((f"contacts.{c}", f"%{c}%") for c in ("sms", "whatsapp", "rcs"))]:
            counted = (await tx.fetch(COUNT, customer_id=US, pattern=pattern))[0][0]
            assert kept.get(name, 0) == counted, name

    await database.read(look)


def test_a_new_number_has_an_id_and_what_it_can_take_but_no_row(database_url):
    async def scenario(database):
        found = await database.read(recipients([BOB, LANDLINE, TAKES_RCS]))
        assert {n: (r.region_code, r.channels, r.opted_out, r.is_new) for n, r in found.items()} == {
            BOB: ("GB", {"sms", "whatsapp"}, False, True),
            LANDLINE: ("US", {"whatsapp"}, False, True),
            TAKES_RCS: ("US", {"sms", "whatsapp", "rcs"}, False, True),
        }
        assert (await database.read(lambda tx: service.list_page(tx, US, Page(), digits=None, channel=None)))[1] == 0

    run(database_url, scenario)


def test_a_known_number_is_the_same_recipient_ever_after(database_url):
    async def scenario(database):
        first = await database.write(lambda tx: send_to(tx, [ADA, BOB]))
        again = await database.read(recipients([BOB, ADA]))
        assert {number: recipient.id for number, recipient in again.items()} == first
        assert not any(recipient.is_new for recipient in again.values())
        await counters_agree(database)

    run(database_url, scenario)


def test_consent_outlives_the_contact_and_its_return(database_url):
    async def scenario(database):
        contact = await database.write(create(US, ADA))
        await database.write(lambda tx: service.opt_out(tx, US, ADA, source="keyword", now_ms=5))
        await database.write(lambda tx: service.delete(tx, US, contact.id))
        assert (await database.read(recipients([ADA])))[ADA].opted_out
        back = await database.write(create(US, ADA))
        assert back.id != contact.id
        assert back.opted_out_at_ms == 5
        await database.write(lambda tx: service.opt_in(tx, US, ADA))
        assert not (await database.read(recipients([ADA])))[ADA].opted_out

    run(database_url, scenario)


def test_a_second_opt_out_keeps_the_first(database_url):
    async def scenario(database):
        for source, now_ms in (("keyword", 5), ("api", 9)):
            await database.write(
                lambda tx, source=source, now_ms=now_ms: service.opt_out(tx, US, ADA, source=source, now_ms=now_ms)
            )
        assert await database.read(lambda tx: service.opted_out(tx, US, [ADA, BOB])) == {ADA}
        assert (await database.write(create(US, ADA))).opted_out_at_ms == 5

    run(database_url, scenario)


def test_consent_belongs_to_one_account(database_url):
    async def scenario(database):
        await database.write(lambda tx: service.opt_out(tx, THEM, ADA, source="api", now_ms=1))
        assert await database.read(lambda tx: service.opted_out(tx, US, [ADA])) == set()

    run(database_url, scenario)


def test_a_new_number_brings_its_own_formats_channels_and_consent(database_url):
    async def scenario(database):
        await database.write(lambda tx: service.opt_out(tx, US, TAKES_RCS, source="keyword", now_ms=1))
        contact = await database.write(create(US, BOB))
        changed = await database.write(update(contact.id, number=TAKES_RCS))
        assert (changed.id, changed.phone, changed.region_code) == (contact.id, TAKES_RCS, "US")
        assert changed.available_channels == "sms,whatsapp,rcs"
        assert changed.opted_out_at_ms == 1
        assert changed.updated_at_ms == 2_000
        await counters_agree(database)

    run(database_url, scenario)


def test_its_own_number_is_not_taken(database_url):
    async def scenario(database):
        contact = await database.write(create(US, BOB))
        assert (await database.write(update(contact.id, number=BOB))).phone == BOB

    run(database_url, scenario)


def test_nothing_given_changes_nothing(database_url):
    async def scenario(database):
        contact = await database.write(create(US, BOB))
        assert await database.write(update(contact.id)) == contact

    run(database_url, scenario)


def test_refusals_have_their_documented_codes(database_url):
    async def scenario(database):
        contact = await database.write(create(US, ADA))
        other = await database.write(create(US, BOB))
        for attempt, code in (
            (create(US, ADA), "RESOURCE_007"),
            (create(US, LANDLINE, quota=2), "BUSINESS_008"),
            (update(other.id, number=ADA), "RESOURCE_007"),
            (update(UNKNOWN_ID, opt_out=True), "RESOURCE_001"),
            (lambda tx: service.delete(tx, US, UNKNOWN_ID), "RESOURCE_001"),
            (lambda tx: service.delete(tx, THEM, contact.id), "RESOURCE_001"),
            (lambda tx: service.get(tx, THEM, contact.id), "RESOURCE_001"),
            (lambda tx: service.get_by_phone(tx, THEM, ADA), "RESOURCE_001"),
        ):
            with pytest.raises(ApiError) as refused:
                await database.write(attempt)
            assert refused.value.code == code
        await counters_agree(database)

    run(database_url, scenario)


def test_a_number_created_many_times_at_once_exists_once(database_url):
    async def scenario(database):
        results = await asyncio.gather(*(database.write(create(US, ADA)) for _ in range(8)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, BaseException)]
        assert len(refused) == 7
        assert {getattr(error, "code", repr(error)) for error in refused} == {"RESOURCE_007"}
        await counters_agree(database)

    run(database_url, scenario)


def test_senders_that_meet_the_same_new_number_at_once_agree_on_its_contact(database_url):
    """The id of the loser would point to no row."""

    async def scenario(database):
        numbers = [f"+1415555{n:04}" for n in range(2_000, 2_020)]
        results = await asyncio.gather(*(database.write(lambda tx: send_to(tx, numbers)) for _ in range(6)))
        stored = await database.read(recipients(numbers))
        for made in results:
            assert made == {number: recipient.id for number, recipient in stored.items()}
        await counters_agree(database)

    run(database_url, scenario)


def test_changing_and_deleting_at_once_leaves_the_counters_right(database_url):
    async def scenario(database):
        contact = await database.write(create(US, ADA))
        results = await asyncio.gather(
            *(database.write(lambda tx: service.delete(tx, US, contact.id)) for _ in range(4)),
            *(database.write(update(contact.id, number=TAKES_RCS)) for _ in range(4)),
            return_exceptions=True,
        )
        codes = [error.code for error in results if isinstance(error, ApiError)]
        assert set(codes) <= {"RESOURCE_001"}
        assert len([result for result in results if result is None]) == 1
        assert not [error for error in results if isinstance(error, BaseException) and not isinstance(error, ApiError)]
        await counters_agree(database)

    run(database_url, scenario)


def test_pages_show_the_newest_first_and_every_contact_once(database_url):
    async def scenario(database):
        numbers = [f"+1415555{n:04}" for n in range(3_000, 3_023)]
        for at_ms, number in enumerate(numbers, 1):
            await database.write(create(US, number, now_ms=at_ms))
        seen = []
        for page_number in (1, 2, 3, 4):
            page = Page(page_number, 10)
            found, total = await database.read(
                lambda tx, page=page: service.list_page(tx, US, page, digits=None, channel=None)
            )
            assert total == 23
            assert len(found) == (11, 11, 3, 0)[page_number - 1]
            seen += [contact.phone for contact in found[:10]]
        assert seen == numbers[::-1]

    run(database_url, scenario)


@pytest.mark.parametrize(
    ("digits", "channel", "expected"),
    [
        ("5550", None, [TAKES_RCS, LANDLINE]),
        ("7700900", None, [BOB]),
        (None, "sms", [TAKES_RCS, BOB, ADA]),
        (None, "whatsapp", [TAKES_RCS, LANDLINE, BOB, ADA]),
        (None, "rcs", [TAKES_RCS]),
        ("1415555", "sms", [TAKES_RCS, ADA]),
        ("999999", "sms", []),
    ],
)
def test_filters_find_what_they_say_and_count_it(database_url, digits, channel, expected):
    async def scenario(database):
        for at_ms, number in enumerate((ADA, BOB, LANDLINE, TAKES_RCS), 1):
            await database.write(create(US, number, now_ms=at_ms))
        await database.write(create(THEM, ADA))
        found, total = await database.read(lambda tx: service.list_page(tx, US, Page(), digits=digits, channel=channel))
        assert ([contact.phone for contact in found], total) == (expected, len(expected))
        far = await database.read(lambda tx: service.list_page(tx, US, Page(9, 10), digits=digits, channel=channel))
        assert far == ([], len(expected))

    run(database_url, scenario)


def test_one_number_among_many_is_found_without_reading_the_others(database_url):
    """Planners take the wrong index when they are asked for a list of numbers; see store.FOR_SENDING."""

    async def scenario(database):
        numbers = [f"+1415{n:07}" for n in range(2_000_000, 2_030_000)]
        for start in range(0, len(numbers), 1_000):
            some = numbers[start : start + 1_000]
            await database.write(lambda tx, some=some: send_to(tx, some))

        async def look_up(tx, number):
            started_s = time.perf_counter()
            await service.for_sending(tx, US, [number], reach=REACH, now_ms=1)
            return time.perf_counter() - started_s

        # The quickest of many, as other tests compute beside this one.
        took_s = min([await database.read(lambda tx, one=one: look_up(tx, one)) for one in numbers[-100:]])
        assert took_s < 0.002  # reading all of them takes 3 ms and more

    run(database_url, scenario)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "delete", "renumber", "send", "stop", "start"]),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_the_counters_are_the_rows_and_consent_is_the_numbers(database_url, steps):
    numbers = (ADA, BOB, LANDLINE, TAKES_RCS)

    async def step(database, kind, which, other, silent):
        number = numbers[which]
        match kind:
            case "create":
                await database.write(create(US, number))
            case "send":
                await database.write(lambda tx: send_to(tx, [number, numbers[other]]))
            case "delete" | "renumber":
                contact = await database.read(lambda tx: service.get_by_phone(tx, US, number))
                if kind == "delete":
                    await database.write(lambda tx: service.delete(tx, US, contact.id))
                else:
                    await database.write(update(contact.id, number=numbers[other]))
            case "stop":
                await database.write(lambda tx: service.opt_out(tx, US, number, source="keyword", now_ms=1))
                silent.add(number)
            case _:
                await database.write(lambda tx: service.opt_in(tx, US, number))
                silent.discard(number)

    async def scenario(database):
        await database.write(lambda tx: wipe(tx))
        silent = set()
        for kind, which, other in steps:
            with contextlib.suppress(ApiError):
                await step(database, kind, which, other, silent)
        await counters_agree(database)
        found = await database.read(recipients(numbers))
        assert {number for number, recipient in found.items() if recipient.opted_out} == silent

    run(database_url, scenario)


async def wipe(tx):
    for table in ("contacts", "opt_outs", "counters"):
        await tx.execute(f"DELETE FROM {table} WHERE customer_id = :customer_id", customer_id=US)


def test_what_a_handset_learns_shows_in_its_next_contact(database_url):
    async def scenario(database):
        await database.write(lambda tx: handsets.set_capabilities(tx, US, ADA, {"rcs": True}, now_ms=1))
        assert (await database.write(create(US, ADA))).available_channels == "sms,whatsapp,rcs"

    run(database_url, scenario)


HERE, THERE = "+525587654321", "+5215587654321"


def rows_of_both_spellings():
    """As a release wrote them that took every spelling for somebody else."""
    return [store.ContactRow(US, ids.new_id(1), number, "MX", "sms,whatsapp", "sms", 1) for number in (HERE, THERE)]


@pytest.mark.parametrize(("said", "other"), [(HERE, THERE), (THERE, HERE)])
def test_two_contacts_of_one_person_stay_two_and_share_their_consent(database_url, said, other):
    async def scenario(database):
        rows = rows_of_both_spellings()
        await database.write(lambda tx: store.insert(tx, rows))
        await database.write(lambda tx: store.add_to_counts(tx, US, {"contacts": 2}))
        known = {number: contact_id for _, contact_id, number, *_ in rows}
        found = await database.read(recipients([HERE, THERE]))
        assert {number: (one.id, one.phone, one.is_new) for number, one in found.items()} == {
            number: (contact_id, number, False) for number, contact_id in known.items()
        }
        await database.write(lambda tx: service.opt_out(tx, US, said, source="keyword", now_ms=7))
        found = await database.read(recipients([HERE, THERE, "+525500000000"]))
        assert [one.opted_out for one in found.values()].count(True) == 2
        assert not found["+525500000000"].opted_out
        assert await database.read(lambda tx: service.opted_out(tx, US, [HERE, THERE, ADA])) == {HERE, THERE}
        assert await database.read(lambda tx: service.opted_out(tx, US, [other])) == {other}
        assert await database.read(lambda tx: service.opted_out_here(tx, US, other))
        listed, total = await database.read(lambda tx: service.list_page(tx, US, Page(), digits=None, channel=None))
        assert ([one.opted_out_at_ms for one in listed], total) == ([7, 7], 2)
        for number, contact_id in known.items():
            one = await database.read(lambda tx, n=number: service.get_by_phone(tx, US, n))
            assert (one.id, one.opted_out_at_ms) == (contact_id, 7)
        await database.write(lambda tx: service.opt_in(tx, US, other))
        assert await database.read(lambda tx: service.opted_out(tx, US, [HERE, THERE])) == set()
        # Another tenant never noticed.
        assert await database.read(lambda tx: service.opted_out(tx, THEM, [HERE, THERE])) == set()

    run(database_url, scenario)


def test_two_spellings_that_are_new_in_one_group_of_requests_become_one_contact(database_url):
    async def scenario(database):
        first = await database.write(lambda tx: send_to(tx, [THERE, HERE, ADA]))
        assert first[THERE] == first[HERE] != first[ADA]
        listed, total = await database.read(lambda tx: service.list_page(tx, US, Page(), digits=None, channel=None))
        assert (sorted(one.phone for one in listed), total) == (sorted([THERE, ADA]), 2)

    run(database_url, scenario)


def test_what_a_handset_takes_is_looked_up_under_its_own_spelling(database_url):
    """The other spelling of a known contact takes what the contact takes."""

    async def scenario(database):
        await database.write(create(US, HERE))
        await database.write(lambda tx: handsets.set_capabilities(tx, US, HERE, {"sms": False}, now_ms=5))
        await database.write(lambda tx: service.refresh_channels(tx, US, HERE, reach=REACH))
        assert (await database.read(recipients([THERE])))[THERE].channels == {"whatsapp"}

    run(database_url, scenario)
