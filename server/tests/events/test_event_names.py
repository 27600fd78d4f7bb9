"""Which events a subscription covers, and under which field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.events import names


@pytest.mark.parametrize(("subscribed", "event", "field"), [
    (["messages"], "message.delivered", "messages"),
    (["message"], "message.delivered", "message"),
    (["message.delivered"], "message.delivered", "messages"),
    (["message.delivered", "message"], "message.delivered", "message"),
    (["message", "messages"], "message.read", "message"),
    (["*"], "message.received", "messages"),
    (["*"], "templates", "templates"),
    (["template"], "templates", "templates"),
    (["message.status.updated"], "message.queued", "messages"),
    (["contact.opt_in"], "contact.opt_in", "contact"),
])  # fmt: skip
def test_the_field_is_the_parent_subscribed_with(subscribed: list[str], event: str, field: str) -> None:
    assert names.expand(subscribed)[event] == field


def test_states_do_not_cover_inbound_messages_and_a_dotted_name_covers_itself() -> None:
    assert names.RECEIVED not in names.expand(["message.status.updated"])
    assert names.expand(["message.sent"]) == {"message.sent": "messages"}


@given(st.lists(st.sampled_from(sorted(names.COVERED)), min_size=1))
def test_every_covered_event_is_expanded_exactly_once(subscribed: list[str]) -> None:
    expected = {event for name in subscribed for event in names.COVERED[name]}
    assert set(names.expand(subscribed)) == expected


def test_the_list_for_people_offers_only_names_that_may_be_subscribed_to() -> None:
    described = names.described()
    assert all(names.is_known(one.name) and one.description for one in described)
    assert len({one.name for one in described}) == len(described)
    sent = next(one for one in described if one.name == "message.sent")
    assert (sent.display_name, sent.description) == ("Message Sent", "Triggered when a message is successfully sent")


def test_what_is_never_raised_is_offered_as_inactive() -> None:
    inactive = {one.name for one in names.described() if not one.is_raised}
    assert inactive == {"message.scheduled", "message.cancelled", "message.filtered", "message.blocked"}
