"""The inputs and the result of routing."""

from sent_server.carriers.reasons import Reason
from sent_server.kernel.channels import MMS, RCS, SMS, WHATSAPP
from sent_server.kernel.values import value_object

# Automatic choice tries these in order. SMS is the last resort.
PREFERENCE: tuple[str, ...] = (WHATSAPP, RCS, SMS)
# The same for a message with media. On the other channels it goes without them.
WITH_MEDIA: tuple[str, ...] = (MMS, *PREFERENCE)
NEEDS_APPROVAL: frozenset[str] = frozenset({WHATSAPP, RCS})


@value_object
class Reach:
    """The inputs that decide the legs of one message.

    `receivable` are the contact's channels and `configured` those of the account. `written` are the channels with a
    text in the template, and `unfit` (channel, why) those whose text exceeds a limit with the given values. `prices`
    are (channel, micros) for every channel of the rate card. `closed` are the channels that take no text without
    a template, because the contact has not written there recently. `is_text`: it is such a text. `senderless` are the
    channels whose sender pool names a sender that is not active.
    """

    receivable: frozenset[str]
    configured: frozenset[str]
    written: frozenset[str]
    approved: bool
    opted_out: bool
    unfit: tuple[tuple[str, tuple[str, ...]], ...]
    prices: tuple[tuple[str, int], ...]
    closed: frozenset[str] = frozenset()
    is_text: bool = False
    senderless: frozenset[str] = frozenset()


@value_object
class Leg:
    channel: str
    price_micros: int


@value_object
class Judgement:
    """Why a channel was or was not chosen."""

    channel: str
    chosen: bool
    reason: str


@value_object
class RoutePlan:
    """Legs in order, the highest price, and the verdict on every channel.

    Without legs, `reason` says why, and `error` is the prefix of the description (ERR_...), if there is one. `refusal`
    is the code of a 422 response if no recipient of the request can be reached. `detail` adds facts that the judgements
    do not contain.
    """

    legs: tuple[Leg, ...]
    judgements: tuple[Judgement, ...]
    error: str | None = None
    refusal: str | None = None
    detail: str | None = None
    reason: Reason | None = None

    @property
    def dearest_micros(self) -> int:
        return max((leg.price_micros for leg in self.legs), default=0)
