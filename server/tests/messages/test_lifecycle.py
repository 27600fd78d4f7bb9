"""The status machine: in whatever order a carrier speaks, a message ends in the same place, and shows that leg."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sent_server.messages.lifecycle import (
    BEFORE_ATTEMPT,
    ENDED,
    NEXT,
    NOTHING,
    RANK,
    REACHED,
    LifecycleStep,
    MessageProgress,
    on_cancelled,
    on_held,
    on_leg_failed,
    on_receipt,
    on_refused,
    on_started,
    on_submitted,
    settles,
)
from sent_server.messages.statuses import MessageStatus

kinds = st.sampled_from(["DELIVERED", "READ", "FAILED"])
FINAL = ("FILTERED", "BLOCKED", "CANCELLED", "RECEIVED")
statuses = st.sampled_from([*MessageStatus])
words = st.sampled_from(["FAILED", "FILTERED", "BLOCKED"])


@st.composite
def progresses(draw: st.DrawFn) -> MessageProgress:
    legs = draw(st.integers(1, 4))
    leg = draw(st.integers(0, legs - 1))
    status = draw(statuses)
    shown = draw(st.integers(0, leg)) if status in ("SENT", *ENDED) else leg
    return MessageProgress(status, leg, shown, legs)


@dataclass
class Play:
    """A message driven by events as the engine drives it, with a record of what happened to each leg."""

    legs: int
    progress: MessageProgress = field(init=False)
    taken: list[int] = field(default_factory=list[int])
    reached: dict[str, list[int]] = field(default_factory=lambda: {"DELIVERED": [], "READ": []})
    settled_by: int | None = None
    settlements: int = 0

    def __post_init__(self) -> None:
        self.progress = MessageProgress("QUEUED", 0, 0, self.legs)

    def carry_out(self, step: LifecycleStep) -> None:
        before = self.progress
        status = step.status if step.status and RANK[step.status] > RANK[before.status] else before.status
        leg = before.leg if step.next_leg is None else step.next_leg
        shown = before.shown if step.shown is None else step.shown
        if before.status in ("QUEUED", "PROCESSED", "ROUTED") and step.shown is None:
            shown = leg
        self.progress = MessageProgress(status, leg, shown, self.legs)
        if settles(self.progress) and self.settled_by is None:
            self.settled_by = shown
            self.settlements += 1

    def happen(self, event: str, leg: int) -> None:
        match event:
            case "taken" if self.progress.status not in ENDED and self.progress.leg not in self.taken:
                self.carry_out(on_started(self.progress))
                self.taken.append(self.progress.leg)
                self.carry_out(on_submitted(self.progress))
            case "rejected" if self.progress.status not in ENDED and self.progress.leg not in self.taken:
                self.carry_out(on_started(self.progress))
                self.carry_out(on_leg_failed(self.progress, leg=self.progress.leg))
            case "timeout" if self.progress.leg in self.taken:
                self.carry_out(on_leg_failed(self.progress, leg=self.progress.leg))
            case "blocked" if self.progress.leg not in self.taken:
                self.carry_out(on_refused(self.progress))
            case "DELIVERED" | "READ" | "FAILED" if leg in self.taken:
                if event in self.reached and leg not in self.reached[event]:
                    self.reached[event].append(leg)
                self.carry_out(on_receipt(self.progress, leg=leg, kind=event))
            case _:
                pass

    def right_leg(self) -> int:
        """The leg that is READ; else the first DELIVERED; else the last one taken; else the one at hand."""
        return [*self.reached["READ"][:1], *self.reached["DELIVERED"][:1], *self.taken[::-1], self.progress.leg][0]


events = st.lists(
    st.tuples(
        st.sampled_from(["taken", "taken", "rejected", "timeout", "DELIVERED", "READ", "FAILED", "blocked"]),
        st.integers(0, 2),
    ),
    max_size=14,
)


@given(st.integers(1, 3), events)
def test_a_message_shows_the_right_leg_after_every_event(legs: int, happened: list[tuple[str, int]]) -> None:
    play = Play(legs)
    for event, leg in happened:
        before = play.progress
        play.happen(event, leg % legs)
        after = play.progress
        assert RANK[after.status] >= RANK[before.status]
        assert after.leg >= before.leg
        assert after.shown == play.right_leg()
        assert (after.status in REACHED) == bool(play.reached["DELIVERED"] or play.reached["READ"])
        assert (after.status in ("SENT", *REACHED)) <= (after.shown in play.taken)


@given(st.integers(1, 3), events)
def test_a_message_settles_once_and_by_a_leg_that_it_showed(legs: int, happened: list[tuple[str, int]]) -> None:
    play = Play(legs)
    for event, leg in happened:
        play.happen(event, leg % legs)
        if play.settled_by is None:
            assert play.progress.status not in ENDED
            assert not (play.progress.status == "SENT" and legs - 1 in play.taken)
        else:
            assert settles(play.progress)
    assert play.settlements <= 1


@given(st.lists(kinds, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_and_repetition_of_receipts_do_not_change_the_end(receipts, random):
    def end_of(order: list[str]) -> MessageProgress:
        play = Play(1)
        play.happen("taken", 0)
        for kind in order:
            play.happen(kind, 0)
        return play.progress

    shuffled = receipts * 2
    random.shuffle(shuffled)
    assert end_of(receipts) == end_of(shuffled)
    assert end_of(receipts).status == max(["SENT", *receipts], key=lambda status: RANK[status])


@given(st.permutations([("DELIVERED", 0), ("FAILED", 0), ("DELIVERED", 1), ("FAILED", 1), ("READ", 0)]))
def test_receipts_of_two_legs_in_any_order_end_with_the_leg_that_was_read(order: list[tuple[str, int]]) -> None:
    play = Play(2)
    for event in ("taken", "timeout", "taken"):
        play.happen(event, 0)
    for kind, leg in order:
        play.happen(kind, leg)
    assert (play.progress.status, play.progress.shown) == ("READ", 0)


def steps(progress: MessageProgress, leg: int, kind: str, word: str) -> list[LifecycleStep]:
    return [
        on_submitted(progress),
        on_receipt(progress, leg=leg, kind=kind),
        on_leg_failed(progress, leg=leg),
        on_refused(progress, word),
        on_held(progress),
        on_cancelled(progress),
    ]


@given(progresses(), st.integers(0, 3), kinds, words)
def test_a_status_never_moves_down(progress: MessageProgress, leg: int, kind: str, word: str) -> None:
    for step in steps(progress, leg, kind, word):
        if step.status == "SENT" == progress.status:
            assert step.shown != progress.shown
        elif step.status == "SCHEDULED" == progress.status:
            assert step.next_leg is None
        else:
            assert step.status is None or RANK[step.status] > RANK[progress.status]


@given(st.integers(1, 3), events, words)
def test_every_step_is_one_of_the_table(legs: int, happened: list[tuple[str, int]], word: str) -> None:
    play = Play(legs)
    for event, leg in [("", 0), *happened]:
        play.happen(event, leg % legs)
        progress = play.progress
        asked = bool(play.taken) or progress.status not in BEFORE_ATTEMPT
        for step in (on_refused(progress, word), on_held(progress), on_cancelled(progress)):
            assert step.status is None or step.status in NEXT[progress.status]
            assert not (asked and step.status in ("FILTERED", "BLOCKED", "CANCELLED", "SCHEDULED"))
        for kind in ("DELIVERED", "READ", "FAILED"):
            step = on_receipt(progress, leg=leg % legs, kind=kind)
            assert not play.taken or step.status is None or step.status in NEXT[progress.status]


@given(st.sampled_from(FINAL), st.integers(0, 3), kinds, words)
def test_a_final_status_never_changes(status: str, leg: int, kind: str, word: str) -> None:
    progress = MessageProgress(status, 0, 0, 4)
    assert steps(progress, leg, kind, word) == [NOTHING] * 6
    assert not NEXT[status]


def test_the_table_has_every_status_and_only_repeats_where_it_says_so() -> None:
    assert set(NEXT) == set(RANK) == set(MessageStatus)
    for status, following in NEXT.items():
        assert all(RANK[one] > RANK[status] for one in following - {"SENT", "SCHEDULED"})
    assert {status for status in NEXT if status in NEXT[status]} == {"SENT", "SCHEDULED"}


def test_a_refusal_has_its_own_word_only_before_a_carrier_was_asked() -> None:
    for status in ("QUEUED", "SCHEDULED", "PROCESSED"):
        assert on_refused(MessageProgress(status, 0, 0, 2), "BLOCKED") == LifecycleStep("BLOCKED", 0)
        assert on_refused(MessageProgress(status, 0, 0, 2)) == LifecycleStep("FAILED", 0)
    assert on_refused(MessageProgress("ROUTED", 1, 1, 2), "FILTERED") == LifecycleStep("FAILED", 1)
    assert on_refused(MessageProgress("SENT", 1, 0, 2), "FILTERED") == LifecycleStep("FAILED", 0)


def test_a_held_message_may_be_held_longer_or_cancelled() -> None:
    for status in ("QUEUED", "SCHEDULED"):
        assert on_held(MessageProgress(status, 0, 0, 1)) == LifecycleStep("SCHEDULED")
        assert on_cancelled(MessageProgress(status, 0, 0, 1)) == LifecycleStep("CANCELLED")
    for status in ("PROCESSED", "SENT", "DELIVERED"):
        assert on_held(MessageProgress(status, 0, 0, 1)) == on_cancelled(MessageProgress(status, 0, 0, 1)) == NOTHING


@given(progresses().filter(lambda progress: progress.status in ENDED))
def test_nothing_is_started_or_failed_once_a_message_has_ended(progress: MessageProgress) -> None:
    for step in (on_started(progress), on_submitted(progress), on_leg_failed(progress, leg=progress.leg)):
        assert step == NOTHING
    assert on_refused(progress) == NOTHING


def test_a_failed_leg_starts_the_next_one_and_the_last_one_fails_the_message():
    assert on_leg_failed(MessageProgress("SENT", 0, 0, 2), leg=0) == LifecycleStep(next_leg=1)
    assert on_leg_failed(MessageProgress("SENT", 1, 1, 2), leg=1) == LifecycleStep("FAILED", 1)


def test_a_leg_that_may_not_be_followed_fails_the_message():
    assert on_leg_failed(MessageProgress("ROUTED", 0, 0, 2), leg=0, falls_back=False) == LifecycleStep("FAILED", 0)
    assert on_receipt(MessageProgress("SENT", 0, 0, 2), leg=0, kind="FAILED", falls_back=False) == LifecycleStep(
        "FAILED", 0
    )


def test_a_message_that_fails_shows_the_last_leg_that_was_taken():
    assert on_leg_failed(MessageProgress("SENT", 1, 0, 2), leg=1) == LifecycleStep("FAILED", 0)
    assert on_refused(MessageProgress("SENT", 1, 0, 2)) == LifecycleStep("FAILED", 0)
    assert on_leg_failed(MessageProgress("ROUTED", 1, 1, 2), leg=1) == LifecycleStep("FAILED", 1)


def test_the_next_leg_is_shown_when_it_is_taken_and_not_before():
    assert on_started(MessageProgress("SENT", 1, 0, 2)) == LifecycleStep("ROUTED", 0)
    assert on_submitted(MessageProgress("SENT", 1, 0, 2)) == LifecycleStep("SENT", 1)
    assert on_started(MessageProgress("ROUTED", 1, 0, 2)) == LifecycleStep("ROUTED", 1)


def test_the_failure_of_a_leg_that_is_over_changes_nothing():
    assert on_leg_failed(MessageProgress("SENT", 1, 1, 2), leg=0) == NOTHING


def test_a_late_delivery_of_an_earlier_leg_lifts_a_failed_message():
    assert on_receipt(MessageProgress("FAILED", 1, 1, 2), leg=0, kind="DELIVERED") == LifecycleStep("DELIVERED", 0)


def test_money_is_settled_at_the_last_leg_or_at_the_end():
    assert not settles(MessageProgress("SENT", 0, 0, 2))
    assert not settles(MessageProgress("SENT", 1, 0, 2))
    assert settles(MessageProgress("SENT", 1, 1, 2))
    assert all(settles(MessageProgress(status, 0, 0, 2)) for status in ENDED)
