"""Which events a subscription covers, and under which field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.events import filters, names


@pytest.mark.parametrize(("subscribed", "event", "field", "header"), [
    (["messages"], "message.delivered", "messages", "messages"),
    (["message"], "message.delivered", "message", "message.delivered"),
    (["message.delivered"], "message.delivered", "messages", "message.delivered"),
    (["message.delivered", "message"], "message.delivered", "message", "message.delivered"),
    (["message.delivered", "messages"], "message.delivered", "messages", "messages"),
    (["message", "messages"], "message.read", "message", "messages"),
    (["*"], "message.received", "messages", "message.received"),
    (["*"], "templates", "templates", "templates"),
    (["template"], "templates", "templates", "templates"),
    (["templates", "message.read"], "message.read", "messages", "message.read"),
    (["message.status.updated"], "message.queued", "messages", "message.queued"),
    (["contact.opt_in"], "contact.opt_in", "contact", "contact.opt_in"),
    (["messages", "contact"], "contact.opt_in", "contact", "contact.opt_in"),
])  # fmt: skip
def test_field_and_header_follow_the_subscription(subscribed: list[str], event: str, field: str, header: str) -> None:
    label = filters.expand(subscribed)[event]
    assert (label.field, names.header_of(event, label)) == (field, header)


@given(st.lists(st.sampled_from(sorted(names.COVERED)), min_size=1))
def test_the_header_is_the_events_name_unless_an_older_parent_covers_it(subscribed: list[str]) -> None:
    for event, label in filters.expand(subscribed).items():
        older = event == "templates" or ("messages" in subscribed and event.startswith("message."))
        assert names.header_of(event, label) == (
            event if not older else "templates" if event == "templates" else "messages"
        )


@pytest.mark.parametrize(("event", "field", "header"), [
    ("message.sent", "messages", "messages"),
    ("profile.completed", "profiles", "profile.completed"),
])  # fmt: skip
def test_an_address_in_a_request_gets_the_older_form(event: str, field: str, header: str) -> None:
    label = names.callback_label(event)
    assert (label.field, names.header_of(event, label)) == (field, header)


def test_states_do_not_cover_inbound_messages_and_a_dotted_name_covers_itself() -> None:
    assert names.RECEIVED not in filters.expand(["message.status.updated"])
    assert list(filters.expand(["message.sent"])) == ["message.sent"]


@given(st.lists(st.sampled_from(sorted(names.COVERED)), min_size=1))
def test_every_covered_event_is_expanded_exactly_once(subscribed: list[str]) -> None:
    expected = {event for name in subscribed for event in names.COVERED[name]}
    assert set(filters.expand(subscribed)) == expected


def test_the_list_for_people_offers_only_names_that_may_be_subscribed_to() -> None:
    described = names.described()
    assert all(names.is_known(one.name) and one.description for one in described)
    assert len({one.name for one in described}) == len(described)
    sent = next(one for one in described if one.name == "message.sent")
    assert (sent.display_name, sent.description) == ("Message Sent", "Triggered when a message is successfully sent")


def test_what_is_never_raised_is_offered_as_inactive() -> None:
    inactive = {one.name for one in names.described() if not one.is_raised}
    assert inactive == names.NEVER_RAISED
    assert not inactive & {"message.scheduled", "message.cancelled", "message.filtered", "message.blocked"}
