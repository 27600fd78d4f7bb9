"""What routing looks at, and what it decides."""

from sent_server.kernel.values import value_object

# Automatic choice tries these in order; SMS is the last resort.
PREFERENCE = ("whatsapp", "rcs", "sms")
NEEDS_APPROVAL = frozenset({"whatsapp", "rcs"})


@value_object
class Reach:
    """What decides the legs of one message.

    `receivable` are the contact's channels, `configured` the account's, `written` those the template has a text
    for, whether it fits or not, and `unfit` (channel, why) those whose text does not fit with the values that were
    given. `prices` are (channel, micros) for every channel that the rate card covers.
    """

    receivable: frozenset[str]
    configured: frozenset[str]
    written: frozenset[str]
    approved: bool
    opted_out: bool
    unfit: tuple[tuple[str, tuple[str, ...]], ...]
    prices: tuple[tuple[str, int], ...]


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
    """Legs in order, the dearest price, and the verdict on every channel looked at.

    Without legs, `error` is the per-message code (ERR_...), and `refusal` the code that answers the whole request
    with 422 when nobody in it can be reached; `detail` adds to the error what the judgements do not say.
    """

    legs: tuple[Leg, ...]
    judgements: tuple[Judgement, ...]
    error: str | None = None
    refusal: str | None = None
    detail: str | None = None

    @property
    def dearest_micros(self) -> int:
        return max((leg.price_micros for leg in self.legs), default=0)
