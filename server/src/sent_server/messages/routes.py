"""The route of a message: its plan, price and stored form. Pure, and cached because many sends are alike."""

import functools
from collections.abc import Mapping

from sent_server.carriers.base import MessageContent
from sent_server.channels.model import ChannelConfig
from sent_server.contacts.model import Recipient
from sent_server.kernel import segments
from sent_server.kernel.channels import MMS, MMS_COUNTRIES, SMS
from sent_server.kernel.values import value_object
from sent_server.messages.content import RenderedSource
from sent_server.messages.model import AUTOMATIC, PlannedLeg, StoredPlan, dump_plan
from sent_server.messages.pools import NO_CHOICES, Choices
from sent_server.messages.window import NOTHING_HEARD, closed
from sent_server.pricing.card import RateCard
from sent_server.pricing.quote import quote
from sent_server.routing.model import Reach, RoutePlan
from sent_server.routing.plan import plan

# A number that takes SMS takes MMS, where the market carries it.
_MMS_ONLY = frozenset({MMS.value})


@value_object
class Terms:
    """The terms that all messages of a request share.

    `written` are the channels whose text fits, with their numbers of SMS segments. `unfit` are the template's other
    channels, with their problems. `is_text`, `is_newer` and `needs_conversation` are those of `StoredPlan`.
    """

    card: RateCard
    category: str
    approved: bool
    written: tuple[tuple[str, int], ...]
    unfit: tuple[tuple[str, tuple[str, ...]], ...]
    configured: tuple[ChannelConfig, ...]
    is_text: bool
    is_newer: bool
    needs_conversation: bool


@value_object
class MessageRoute:
    """`carrier` and `sender` are those of the first leg. None if the plan has no leg."""

    plan: RoutePlan
    json: str
    hold_micros: int
    carrier: str | None
    sender: str | None
    is_newer: bool


def terms(
    card: RateCard,
    rendered: RenderedSource,
    *,
    configured: Mapping[str, ChannelConfig],
    is_newer: bool,
    needs_conversation: bool,
) -> Terms:
    written = tuple((channel, _segments(channel, content)) for channel, content in rendered.contents.items())
    return Terms(
        card,
        rendered.category,
        rendered.approved,
        written,
        tuple(rendered.unfit.items()),
        tuple(configured.values()),
        rendered.is_text,
        is_newer,
        rendered.is_text and needs_conversation,
    )


def find(
    terms: Terms,
    recipient: Recipient,
    channel: str,
    heard: frozenset[str] = NOTHING_HEARD,
    chosen: Choices = NO_CHOICES,
) -> MessageRoute:
    """The route on a channel, or the automatic one.

    `heard` are the channels on which the contact wrote recently, `chosen` the senders from the pools of the request.
    """
    requested = None if channel == AUTOMATIC else channel
    # Problems contain the caller's values and may be long, so they are not cached.
    look_up = _find.__wrapped__ if terms.unfit else _find
    return look_up(terms, requested, recipient.channels, recipient.opted_out, recipient.region_code, heard, chosen)


def held(rendered: RenderedSource) -> MessageRoute:
    """The route of a message that waits for its time: none yet."""
    stored = dump_plan(StoredPlan((), is_text=rendered.is_text, is_newer=True))
    return MessageRoute(RoutePlan((), ()), stored, 0, None, None, is_newer=True)


@functools.lru_cache(maxsize=10_000)
def _find(
    terms: Terms,
    requested: str | None,
    receivable: frozenset[str],
    opted_out: bool,
    region: str,
    heard: frozenset[str],
    chosen: Choices,
) -> MessageRoute:
    senders = {channel: choice for channel, choice in chosen if choice is not None}
    configured = {config.channel: config for config in terms.configured}
    prices = [
        (channel, quote(terms.card, channel=channel, region=region, category=terms.category, segments=count))
        for channel, count in terms.written
    ]
    reach = Reach(
        receivable=receivable | _MMS_ONLY if SMS in receivable and region in MMS_COUNTRIES else receivable,
        configured=frozenset(configured),
        written=frozenset(channel for channel, _ in (*terms.written, *terms.unfit)),
        approved=terms.approved,
        opted_out=opted_out,
        unfit=terms.unfit,
        prices=tuple((channel, price) for channel, price in prices if price is not None),
        closed=closed(heard, needs_conversation=terms.needs_conversation) if terms.is_text else NOTHING_HEARD,
        is_text=terms.is_text,
        senderless=frozenset(channel for channel, choice in chosen if choice is None),
    )
    found = plan(reach, requested)
    legs = tuple(
        PlannedLeg(
            leg.channel, leg.price_micros, *(senders.get(leg.channel) or configured[leg.channel].sender_for(region))
        )
        for leg in found.legs
    )
    stored = dump_plan(
        StoredPlan(
            legs,
            found.judgements,
            is_text=terms.is_text,
            is_newer=terms.is_newer,
            needs_conversation=terms.needs_conversation,
        )
    )
    first = legs[0] if legs else None
    carrier, sender = (first.carrier, first.sender) if first else (None, None)
    return MessageRoute(found, stored, found.dearest_micros, carrier, sender, terms.is_newer)


def _segments(channel: str, content: MessageContent) -> int:
    return segments.count(content.content).segments if channel == SMS else 1
