"""What a send will do: the messages of a request, their routes, and what is held for them."""

from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from sent_server.channels.model import ChannelConfig
from sent_server.contacts.model import Recipient
from sent_server.errors import ApiError
from sent_server.http.caller import Caller, Role, Tier
from sent_server.messages.content import TemplateSource
from sent_server.messages.draft import DraftRequest, draft_request
from sent_server.messages.model import AUTOMATIC, SendCommand
from sent_server.messages.request import SendRequest, TemplateAsked
from sent_server.pricing import card as cards
from sent_server.templates import definition, rendering
from sent_server.templates.sending import SendableTemplate

CARD = cards.parse({
    "active_contact_price": "0.0003",
    "channels": {"sms": {"default": {"default": "0.0083"}}, "whatsapp": {"default": {"default": "0.004"}}},
})  # fmt: skip
SMS, WHATSAPP, ACTIVE = 8_300, 4_000, 300
CONFIGURED = {name: ChannelConfig(name, "simulator", "+1500", None) for name in ("sms", "whatsapp")}
TEMPLATE = SendableTemplate(
    "t", "welcome", "UTILITY", "en_US", "APPROVED", frozenset({"sms", "whatsapp"}),
    rendering.compile(definition.parse({"body": {"multiChannel": {"template": "Hello."}}})),
)  # fmt: skip
CALLER = Caller("c", "c", "c", "k", Role.ADMIN, Tier.UNLIMITED, None, None)
EVERY_CHANNEL = frozenset({"sms", "whatsapp"})

people = st.lists(st.tuples(st.sets(st.sampled_from(["sms", "whatsapp"])), st.booleans()), min_size=1, max_size=6)
channels = st.lists(st.sampled_from([AUTOMATIC, "sms", "whatsapp"]), min_size=1, max_size=3, unique=True)


def recipient(number: int, reachable: Collection[str] = EVERY_CHANNEL, *, opted_out: bool = False) -> Recipient:
    return Recipient(f"p{number}", f"+1415555{number:04d}", "US", frozenset(reachable), opted_out, False)


def draft(
    *found: Recipient,
    to: Collection[str] = (AUTOMATIC,),
    active: Collection[str] = (),
    configured: Mapping[str, ChannelConfig] = CONFIGURED,
) -> DraftRequest | ApiError:
    recipients = {one.phone: one for one in found}
    asked = SendRequest(TemplateAsked("t"), tuple(to))
    command = SendCommand(CALLER, tuple(recipients), asked, None, "req_1", 1_000)
    return draft_request(
        command, card=CARD, source=TemplateSource(TEMPLATE, {}), configured=configured,
        recipients=recipients, active=active, sms_max_segments=10,
    )  # fmt: skip


def drafted(*found: Recipient, to: Collection[str] = (AUTOMATIC,), active: Collection[str] = ()) -> DraftRequest:
    made = draft(*found, to=to, active=active)
    assert isinstance(made, DraftRequest)
    return made


def test_an_automatic_message_holds_its_dearest_leg() -> None:
    (message,) = drafted(recipient(1)).messages
    assert [leg.channel for leg in message.route.plan.legs] == ["whatsapp", "sms"]
    assert (message.channel, message.hold_micros) == (None, SMS + ACTIVE)


def test_a_contact_that_counted_this_month_does_not_count_again() -> None:
    made = drafted(recipient(1), recipient(2), active={"p1"})
    assert [message.active_contact_micros for message in made.messages] == [0, ACTIVE]


def test_a_channel_that_the_account_lacks_refuses_the_request() -> None:
    refused = draft(recipient(1), to=["sms", "whatsapp"], configured={"sms": CONFIGURED["sms"]})
    assert isinstance(refused, ApiError)
    assert refused.code == "VALIDATION_006"


def test_a_request_in_which_everybody_opted_out_is_refused_and_with_one_who_did_not_it_is_drafted() -> None:
    refused = draft(recipient(1, opted_out=True), recipient(2, opted_out=True))
    assert isinstance(refused, ApiError)
    assert refused.code == "BUSINESS_004"
    made = drafted(recipient(1, opted_out=True), recipient(2))
    assert [bool(message.route.plan.legs) for message in made.messages] == [False, True]


@given(people, channels)
def test_every_recipient_has_a_message_per_channel_and_the_request_holds_what_they_hold(
    persons: list[tuple[set[str], bool]], to: list[str]
) -> None:
    found = [recipient(number, reachable, opted_out=out) for number, (reachable, out) in enumerate(persons)]
    made = draft(*found, to=to)
    if isinstance(made, ApiError):
        assert all(out or not reachable.intersection(EVERY_CHANNEL) or to != [AUTOMATIC] for reachable, out in persons)
        return
    wanted = [(one.phone, None if name == AUTOMATIC else name) for one in found for name in to]
    assert [(message.recipient.phone, message.channel) for message in made.messages] == wanted
    assert len({message.id for message in made.messages}) == len(made.messages)
    assert made.hold_micros == sum(message.hold_micros for message in made.messages)
    for message in made.messages:
        assert made.routes[message.plan_number] == message.route
        assert message.route.hold_micros == message.route.plan.dearest_micros
        assert not (message.recipient.opted_out and message.route.plan.legs)


@given(people, channels)
def test_a_contact_counts_as_active_once_per_request_and_only_when_it_gets_something(
    persons: list[tuple[set[str], bool]], to: list[str]
) -> None:
    found = [recipient(number, reachable, opted_out=out) for number, (reachable, out) in enumerate(persons)]
    made = draft(*found, to=to)
    if isinstance(made, ApiError):
        return
    for one in found:
        own = [message for message in made.messages if message.recipient == one]
        reached = any(message.route.plan.legs for message in own)
        assert sum(message.active_contact_micros for message in own) == (ACTIVE if reached else 0)
