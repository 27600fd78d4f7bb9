"""What events do to one message, in any order: its status only rises, and it never costs more than was held for it."""

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from delivery.states import message
from sent_server.delivery import failures
from sent_server.delivery.message_state import MessageState
from sent_server.delivery.message_updates import MessageUpdates
from sent_server.messages.lifecycle import ENDED, RANK, on_leg_failed, on_receipt, on_refused, on_submitted

prices = st.lists(st.integers(1, 20_000), min_size=1, max_size=3)
happenings = st.lists(
    st.tuples(
        st.sampled_from(["submitted", "leg failed", "blocked", "DELIVERED", "READ", "FAILED"]), st.integers(0, 2)
    ),
    max_size=12,
)


class Course:
    """One message, and the events that the engine could meet for it."""

    def __init__(self, of_legs: Sequence[int], active_micros: int) -> None:
        self.message = message(prices=of_legs, active_micros=active_micros)
        self.taken: set[int] = set()
        self.now_ms = 0

    def happen(self, event: str, leg: int) -> None:
        self.now_ms += 1
        subject, updates = self.message, MessageUpdates(self.now_ms)
        match event:
            case "submitted" if subject.status not in ENDED and subject.leg not in self.taken:
                updates.start_leg(subject)
                updates.apply(subject, on_submitted(subject.progress))
                self.taken.add(subject.leg)
            case "leg failed" if subject.status not in ENDED:
                failure = failures.no_receipt(subject.planned_leg.channel, waited_ms=1_000)
                updates.apply(subject, on_leg_failed(subject.progress, leg=subject.leg), failure=failure)
            case "blocked" if subject.leg not in self.taken:
                updates.apply(subject, on_refused(subject.progress), failure=failures.opted_out())
            case "DELIVERED" | "READ" | "FAILED" if leg in self.taken:
                failure = failures.no_receipt(subject.planned_leg.channel, waited_ms=1_000)
                updates.apply(subject, on_receipt(subject.progress, leg=leg, kind=event), failure=failure)
            case _:
                pass


def played(of_legs: Sequence[int], active_micros: int, events: Sequence[tuple[str, int]]) -> list[MessageState]:
    """The message after each event, the first one untouched."""
    course = Course(of_legs, active_micros)
    found = [copy_of(course.message)]
    for event, leg in events:
        course.happen(event, leg)
        found.append(copy_of(course.message))
    return found


def copy_of(state: MessageState) -> MessageState:
    values = {name: getattr(state, name) for name in MessageState.__slots__ if not name.startswith("_")}
    return MessageState(**values)


@given(prices, st.integers(0, 500), happenings)
def test_the_status_only_rises(of_legs: list[int], active: int, events: list[tuple[str, int]]) -> None:
    states = played(of_legs, active, events)
    for before, after in itertools.pairwise(states):
        assert RANK[after.status] >= RANK[before.status]


@given(prices, st.integers(0, 500), happenings)
def test_it_settles_once_and_costs_at_most_what_was_held(
    of_legs: list[int], active: int, events: list[tuple[str, int]]
) -> None:
    states = played(of_legs, active, events)
    for before, after in itertools.pairwise(states):
        if before.settled_at_ms is not None:
            assert after.settled_at_ms == before.settled_at_ms
            assert (after.price_micros or 0) <= (before.price_micros or 0), "a settled price never rises"
        cost = (after.price_micros or 0) + (after.active_contact_price_micros or 0)
        assert 0 <= cost <= after.held_micros
        assert after.refunded_micros in (0, *(a - b for a in of_legs for b in of_legs if a > b))


@given(prices, st.integers(0, 500), happenings)
def test_what_has_ended_has_settled(of_legs: list[int], active: int, events: list[tuple[str, int]]) -> None:
    last = played(of_legs, active, events)[-1]
    assert last.status not in ENDED or last.settled_at_ms is not None


@given(prices, st.integers(1, 500), happenings)
def test_a_message_that_no_carrier_took_costs_nothing(
    of_legs: list[int], active: int, events: list[tuple[str, int]]
) -> None:
    events = [(event, leg) for event, leg in events if event in ("leg failed", "blocked")]
    last = played(of_legs, active, [*events, ("blocked", 0)])[-1]
    assert (last.status, last.price_micros, last.active_contact_price_micros) == ("FAILED", None, 0)


@given(prices, happenings)
def test_a_line_of_history_has_a_number_of_its_own(of_legs: list[int], events: list[tuple[str, int]]) -> None:
    states = played(of_legs, 0, events)
    for before, after in itertools.pairwise(states):
        assert after.last_sequence >= before.last_sequence
        assert after.status == before.status or after.last_sequence > before.last_sequence


def test_a_first_leg_is_routed_and_a_following_one_says_why() -> None:
    subject = message()
    updates = MessageUpdates(1)
    updates.start_leg(subject)
    assert (subject.status, subject.last_sequence) == ("ROUTED", 2)
    updates.apply(
        subject, on_leg_failed(subject.progress, leg=0), failure=failures.no_receipt("whatsapp", waited_ms=1_000)
    )
    assert (subject.leg, subject.status) == (1, "ROUTED")
    assert updates.hints == {"dispatch:simulator"}


@given(prices, st.booleans(), st.booleans())
def test_a_refusal_before_an_attempt_is_shown_as_its_client_knows_it(
    of_legs: list[int], is_newer: bool, started: bool
) -> None:
    subject, updates = message(prices=of_legs, is_newer=is_newer), MessageUpdates(now_ms=1)
    if started:
        updates.start_leg(subject)
    failure = failures.opted_out()
    updates.apply(subject, on_refused(subject.progress, subject.refused_as(failure.reason)), failure=failure)
    assert subject.status == ("FILTERED" if is_newer and not started else "FAILED")
    assert (subject.reason_code, subject.settled_at_ms, subject.price_micros) == ("BUSINESS_004", 1, None)
    assert subject.reason == failures.opted_out().explanation
