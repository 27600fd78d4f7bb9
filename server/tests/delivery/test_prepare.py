"""Which attempt is made next: never a second one that could send twice, unless people wait for the message."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from delivery.states import message
from sent_server.delivery import prepare
from sent_server.delivery.attempt_store import Attempt

CATEGORIES = ("AUTHENTICATION", "UTILITY", "MARKETING", None)
STATES = ("SUBMITTING", "UNKNOWN", "LATER", "REJECTED", "SENT", "FAILED", "DELIVERED", "READ")


@dataclass(frozen=True)
class OneTrait:
    takes_idempotency_key: bool


@dataclass(frozen=True)
class OneCarrier:
    """Of a carrier, the rule asks one thing only."""

    traits: OneTrait


def next_number(state: str | None, *, takes_key: bool, category: str | None, number: int = 3) -> int | None:
    previous = None if state is None else Attempt("m", 0, number, state, "simulator", None, None, 0)
    carrier: Any = OneCarrier(OneTrait(takes_key))
    return prepare._next_number(previous, message(category=category), carrier)


@given(st.booleans(), st.sampled_from(CATEGORIES))
def test_the_first_attempt_is_number_one(takes_key: bool, category: str | None) -> None:
    assert next_number(None, takes_key=takes_key, category=category) == 1


@given(st.sampled_from(["SUBMITTING", "UNKNOWN", "LATER"]), st.sampled_from(CATEGORIES), st.integers(1, 8))
def test_a_carrier_that_takes_a_key_is_asked_for_the_same_attempt_again(
    state: str, category: str | None, number: int
) -> None:
    assert next_number(state, takes_key=True, category=category, number=number) == number


@given(st.sampled_from(["SUBMITTING", "UNKNOWN"]), st.sampled_from(CATEGORIES), st.integers(1, 8))
def test_without_a_key_a_lost_answer_is_repeated_only_for_what_people_wait_for(
    state: str, category: str | None, number: int
) -> None:
    wanted = number + 1 if category in ("AUTHENTICATION", "UTILITY") else None
    assert next_number(state, takes_key=False, category=category, number=number) == wanted


def test_a_text_is_repeated_like_what_people_wait_for() -> None:
    previous = Attempt("m", 0, 3, "UNKNOWN", "simulator", None, None, 0)
    carrier: Any = OneCarrier(OneTrait(takes_idempotency_key=False))
    assert prepare._next_number(previous, message(category=None, is_text=True), carrier) == 4
    assert prepare._next_number(previous, message(category=None), carrier) is None


@given(st.sampled_from(CATEGORIES), st.integers(1, 8))
def test_a_deferred_attempt_is_followed_by_the_next_one(category: str | None, number: int) -> None:
    assert next_number("LATER", takes_key=False, category=category, number=number) == number + 1


@given(st.sampled_from(STATES[3:]), st.booleans(), st.sampled_from(CATEGORIES))
def test_a_leg_whose_attempt_has_an_answer_is_never_submitted_again(
    state: str, takes_key: bool, category: str | None
) -> None:
    assert next_number(state, takes_key=takes_key, category=category) is None
