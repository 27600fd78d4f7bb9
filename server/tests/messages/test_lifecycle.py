"""The status machine: whatever order a carrier's words come in, a message ends in the same place."""

from hypothesis import given
from hypothesis import strategies as st

from sent_server.messages.lifecycle import (
    LEG_RANK,
    NOTHING,
    RANK,
    REACHED,
    Standing,
    Step,
    better_leg_state,
    on_blocked,
    on_leg_failed,
    on_receipt,
    on_submitted,
)

kinds = st.sampled_from(["DELIVERED", "READ", "FAILED"])
statuses = st.sampled_from(["QUEUED", "PROCESSED", "ROUTED", "SENT", "FAILED", "DELIVERED", "READ"])


def end_of(receipts: list[str], *, legs: int = 1) -> str:
    standing = Standing("SENT", 0, legs)
    for kind in receipts:
        step = on_receipt(standing, leg=0, kind=kind)
        standing = Standing(
            step.status or standing.status, standing.leg if step.next_leg is None else step.next_leg, legs
        )
    return standing.status


@given(st.lists(kinds, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_of_receipts_do_not_change_the_end(receipts, random):
    shuffled = receipts * 2
    random.shuffle(shuffled)
    assert end_of(receipts) == end_of(shuffled)


@given(st.lists(kinds, max_size=8))
def test_the_end_is_the_best_receipt(receipts):
    best = max(["SENT", *receipts], key=lambda status: RANK[status])
    assert end_of(receipts) == best


@given(statuses, st.integers(0, 3), st.integers(1, 4), kinds)
def test_a_status_never_moves_down(status, leg, legs, kind):
    standing = Standing(status, min(leg, legs - 1), legs)
    for step in (
        on_submitted(standing),
        on_receipt(standing, leg=leg, kind=kind),
        on_leg_failed(standing, leg=leg),
        on_blocked(standing),
    ):
        assert step.status is None or RANK[step.status] > RANK[status]


def test_a_failed_leg_starts_the_next_one_and_the_last_one_fails_the_message():
    assert on_leg_failed(Standing("SENT", 0, 2), leg=0) == Step(next_leg=1)
    assert on_leg_failed(Standing("SENT", 1, 2), leg=1) == Step("FAILED")


def test_the_failure_of_a_leg_that_is_over_changes_nothing():
    assert on_leg_failed(Standing("SENT", 1, 2), leg=0) == NOTHING


def test_a_late_delivery_of_an_earlier_leg_lifts_a_failed_message():
    assert on_receipt(Standing("FAILED", 1, 2), leg=0, kind="DELIVERED") == Step("DELIVERED")


@given(statuses.filter(lambda status: status in REACHED))
def test_nothing_fails_a_message_that_arrived(status):
    assert on_leg_failed(Standing(status, 0, 1), leg=0) == NOTHING
    assert on_blocked(Standing(status, 0, 1)) == NOTHING


@given(st.sampled_from(sorted(LEG_RANK)), st.sampled_from(sorted(LEG_RANK)))
def test_a_leg_keeps_its_better_state(old, new):
    assert LEG_RANK[better_leg_state(old, new)] == max(LEG_RANK[old], LEG_RANK[new])
