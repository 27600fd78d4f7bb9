"""The names of events and of subscriptions. Pure. Source: contract/webhooks.md, section 4.

An event has one name (`message.delivered`, `templates`). A subscription may also use a parent, which covers several.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sent_server.kernel.values import value_object

EVERYTHING = "*"
TEMPLATES = "templates"
PROFILE_COMPLETED = "profile.completed"  # only sent to the callback address of its request; no webhook can subscribe
RECEIVED = "message.received"
STATES = tuple(
    f"message.{state}"
    for state in (
        "queued",
        "routed",
        "sent",
        "delivered",
        "read",
        "failed",
        "scheduled",
        "cancelled",
        "filtered",
        "blocked",
    )
)
OPT_OUT = "contact.opt_out"
CUSTOM_KEYWORD = "contact.custom_keyword"
CONTACTS = ("contact.opt_in", OPT_OUT, "contact.help", CUSTOM_KEYWORD)
CHANNEL_SUBMITTED, CHANNEL_ACTIVATED = "channel.submitted", "channel.activated"
CHANNELS = (CHANNEL_SUBMITTED, CHANNEL_ACTIVATED)
# Names from other releases of this API, which no operation of this release raises.
NEVER_RAISED: frozenset[str] = frozenset()
_MESSAGES = (*STATES, RECEIVED)
# Parents in event_types and in event_filters, and their family.
FAMILY_OF: Mapping[str, str] = {
    "messages": "message",
    "message": "message",
    "templates": TEMPLATES,
    "template": TEMPLATES,
    "contact": "contact",
    "channel": "channel",
}
# Families with sub-types.
SUB_TYPES: Mapping[str, tuple[str, ...]] = {"message": _MESSAGES, "contact": CONTACTS, "channel": CHANNELS}

# subscription name -> the events that it covers
COVERED: dict[str, tuple[str, ...]] = {
    "messages": _MESSAGES,
    "message": _MESSAGES,
    "templates": (TEMPLATES,),
    "template": (TEMPLATES,),
    "message.status.updated": STATES,
    "contact": CONTACTS,
    "channel": CHANNELS,
    **{name: (name,) for name in (*_MESSAGES, *CONTACTS, *CHANNELS)},
    EVERYTHING: (*_MESSAGES, TEMPLATES, *CONTACTS, *CHANNELS),
}


# Older receivers know only the parent's name. Receivers of the newer names compare the header with the body.
_OLDER_PARENTS = ("messages", "templates", "template")


@value_object
class Label:
    """The names of an event for a subscriber. `names_event`: the header has the event's name, not the parent's."""

    field: str
    names_event: bool


@value_object
class Described:
    """A name for people. A parent has its events as `sub_types`; these have None."""

    name: str
    display_name: str
    description: str
    sub_types: "tuple[Described, ...] | None" = None

    @property
    def family(self) -> str:
        return FAMILY_OF.get(self.name) or family_of(self.name)

    @property
    def is_raised(self) -> bool:
        """Whether the event occurs. A webhook may subscribe to the others, but never receives one."""
        return self.name not in NEVER_RAISED


def is_known(name: str) -> bool:
    return name in COVERED


def family_of(event_name: str) -> str:
    """`message` for message.delivered. Template events are a family of their own."""
    return event_name.partition(".")[0]


def field_of(event_name: str, subscribed_as: str) -> str:
    """The body's `field`: the parent of the webhook's subscription, or `messages` if it has no parent."""
    if event_name == TEMPLATES:
        return "templates"
    if event_name in CONTACTS or event_name in CHANNELS:
        return family_of(event_name)
    if event_name == PROFILE_COMPLETED:
        return "profiles"
    return "message" if subscribed_as == "message" else "messages"


def header_of(event_name: str, label: Label) -> str:
    """X-Webhook-Event-Type of a delivery. Source: contract/webhooks.md, section 1."""
    if label.names_event:
        return event_name
    return "messages" if event_name in _MESSAGES else label.field


def label_of(event_name: str, subscribed: Sequence[str]) -> Label:
    """The label for a subscriber with these names, at least one of which covers the event.

    `field` is the first parent, or else comes from a dotted name. The header has the older parent's name if the
    subscription includes one.
    """
    covering = [name for name in subscribed if event_name in COVERED[name]]
    parent = min(covering, key=lambda name: "." in name or name == EVERYTHING)
    return Label(field_of(event_name, parent), not any(name in _OLDER_PARENTS for name in covering))


def callback_label(event_name: str) -> Label:
    """The label for the callback address of a request, which has no subscription."""
    if event_name in COVERED["messages"]:
        return label_of(event_name, ("messages",))
    return Label(field_of(event_name, "messages"), names_event=True)


def _sentence(name: str) -> str:
    state = name.partition(".")[2]
    if name == RECEIVED:
        return "Triggered when a contact sends a message to one of your numbers"
    if name == CUSTOM_KEYWORD:
        return "Triggered when a contact sends a keyword that one of your campaigns defines"
    if name in CHANNELS:
        return f"Triggered when a channel of your account is {state}"
    if name in CONTACTS:
        return f"Triggered when a contact sends the {state.replace('_', ' ')} keyword"
    match state:
        case "sent":
            return "Triggered when a message is successfully sent"
        case "delivered":
            return "Triggered when a message is confirmed delivered"
        case "failed":
            return "Triggered when a message delivery fails"
        case _:
            return f"Triggered when a message is {state}"


def described() -> list[Described]:
    """All subscription names with descriptions for people, parents first."""
    parents = [
        Described("messages", "Messages", "Every event of a message: its states and inbound messages"),
        Described("message", "Message", "Same as messages, but the body's field is message"),
        Described(
            "contact", "Contact", "Every keyword by which a contact gives or withdraws consent, or asks for help"
        ),
        Described("channel", "Channel", "Every step of a channel on its way to sending"),
        Described("templates", "Templates", "Triggered when the review state of a template changes"),
        Described("message.status.updated", "Message Status Updated", "Every state change of an outbound message"),
    ]
    dotted = [Described(name, _title(name), _sentence(name)) for names in SUB_TYPES.values() for name in names]
    return [*(_with_sub_types(one, dotted) for one in parents), *dotted]


def _with_sub_types(parent: Described, dotted: Sequence[Described]) -> Described:
    events = SUB_TYPES.get(FAMILY_OF.get(parent.name, ""))
    return replace(parent, sub_types=tuple(one for one in dotted if one.name in events)) if events else parent


def _title(name: str) -> str:
    return name.replace(".", " ").replace("_", " ").title()
