"""Which events go out for a subscription with filters, and which filters are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.events import filters, names

ALL_EVENTS = names.COVERED["*"]
PARENTS = {"message": ("message", "messages"), "contact": ("contact",), "channel": ("channel",)}


def spelled(family: str) -> st.SearchStrategy[str]:
    """A sub-type of the family, as a client may write it."""
    short = st.sampled_from([name.partition(".")[2] for name in names.SUB_TYPES[family]])
    cased = st.tuples(short, st.sampled_from([str.lower, str.upper, str.title])).map(lambda one: one[1](one[0]))
    return st.tuples(cased, st.sampled_from(["", f"{family}.", f"{family.upper()}."])).map(lambda one: one[1] + one[0])


keys = st.sampled_from([(key, family) for family, spellings in PARENTS.items() for key in spellings])
given_filters = st.lists(
    keys.flatmap(lambda one: st.tuples(st.just(one[0]), st.lists(spelled(one[1]), max_size=4))), max_size=4
).map(dict)
subscriptions = st.lists(st.sampled_from(sorted(names.COVERED)), min_size=1, max_size=5)


def goes_out(event: str, subscribed: list[str], filtered: dict[str, list[str]]) -> bool:
    """The rule of docs/reference/events.md, word by word."""
    if event in subscribed or ("message.status.updated" in subscribed and event in names.STATES):
        return True
    family, _, sub_type = event.partition(".")
    parents = ("templates", "template") if event == "templates" else PARENTS[family]
    if not any(name in subscribed for name in (*parents, "*")):
        return False
    named = [one.lower().split(".")[-1] for parent in parents for one in filtered.get(parent, ())]
    return not named or sub_type in named


@given(subscriptions, given_filters)
def test_an_event_goes_out_if_the_rule_says_so(subscribed: list[str], wanted: dict[str, list[str]]) -> None:
    settled, faults = filters.settle(wanted, subscribed)
    served = {
        key: sub_types
        for key, sub_types in wanted.items()
        if sub_types and any(name in (*PARENTS[names.FAMILY_OF[key]], "*") for name in subscribed)
    }
    assert bool(faults) == (set(served) != {key for key, sub_types in wanted.items() if sub_types})
    out = filters.expand(subscribed, filters.still_subscribed(settled, subscribed))
    assert set(out) == {event for event in ALL_EVENTS if goes_out(event, subscribed, served)}
    assert out == {event: label for event, label in filters.expand(subscribed).items() if event in out}


@given(subscriptions, given_filters)
def test_filters_are_kept_as_given_without_duplicates(subscribed: list[str], wanted: dict[str, list[str]]) -> None:
    settled, _ = filters.settle(wanted, subscribed)
    for key, sub_types in settled.items():
        events = [one.lower().split(".")[-1] for one in sub_types]
        assert len(set(events)) == len(events)
        assert set(events) == {one.lower().split(".")[-1] for one in wanted[key]}
        assert list(sub_types) == [one for one in dict.fromkeys(wanted[key]) if one in sub_types]
    assert filters.settle(settled, subscribed)[0] == settled


@pytest.mark.parametrize(("wanted", "subscribed", "fault"), [
    ({"message": ["arrived"]}, ["message"], "message: unknown sub-type 'arrived'"),
    ({"message": [""]}, ["message"], "message: unknown sub-type ''"),
    ({"message": ["opt_in"]}, ["message"], "message: unknown sub-type 'opt_in'"),
    ({"message": ["contact.opt_in"]}, ["*"], "message: unknown sub-type 'contact.opt_in'"),
    ({"message": ["message.message.sent"]}, ["*"], "message: unknown sub-type 'message.message.sent'"),
    ({"message": ["status.updated"]}, ["*"], "message: unknown sub-type 'status.updated'"),
    ({"message": [" sent"]}, ["*"], "message: unknown sub-type ' sent'"),
    ({"message": ["bloc\u212aed"]}, ["*"], "message: unknown sub-type 'bloc\u212aed'"),
    ({"contact": ["opt_in"]}, ["message"], "contact: not in event_types"),
    ({"message": ["sent"]}, ["message.sent"], "message: not in event_types"),
    ({"message": ["sent"]}, ["message.status.updated"], "message: not in event_types"),
    ({"templates": ["approved"]}, ["templates"], "templates: unknown sub-type 'approved'"),
    ({"call": []}, ["*"], "unknown family 'call'"),
    ({"x" * 50: []}, ["*"], f"unknown family '{'x' * 40}...'"),
])  # fmt: skip
def test_a_name_that_does_not_fit_is_refused(wanted: dict[str, list[str]], subscribed: list[str], fault: str) -> None:
    assert filters.settle(wanted, subscribed)[1] == [fault]


def test_a_thousand_faults_are_ten_sentences() -> None:
    assert len(filters.settle({"message": [str(n) for n in range(1_000)]}, ["*"])[1]) == filters.MAX_FAULTS
    assert filters.settle({str(n): [] for n in range(1_000)}, ["*"])[1] == ["unknown family '0'"]
