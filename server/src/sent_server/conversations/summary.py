"""The summary of a contact's messages: how well each channel reaches the person. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from sent_server.kernel import ids
from sent_server.kernel.values import value_object
from sent_server.messages.log import ContactTotals
from sent_server.messages.log_filter import StatusTotal
from sent_server.messages.statuses import DELIVERED, FAILED, READ, RECEIVED, SENT

_SUCCESS = frozenset({SENT.value, DELIVERED.value, READ.value, RECEIVED.value})


@value_object
class ChannelScore:
    """Percentages of all messages on the channel. The rest is neither."""

    channel: str
    success: int
    fail: int


@value_object
class Summary:
    """`scores` are in the order in which the channels were first used."""

    message_count: int
    first_at_ms: int | None
    last_at_ms: int | None
    scores: Sequence[ChannelScore]


def of(found: ContactTotals) -> Summary:
    by_channel: defaultdict[str, list[StatusTotal]] = defaultdict(list)
    for total in found.totals:
        if total.channel is not None:
            by_channel[total.channel].append(total)
    used = sorted(by_channel.items(), key=lambda item: min(total.first_id for total in item[1]))
    last_id = max((total.last_id for total in found.totals), default=None)
    return Summary(
        message_count=sum(total.messages for total in found.totals),
        first_at_ms=None if found.first_id is None else ids.made_at_ms(found.first_id),
        last_at_ms=None if last_id is None else ids.made_at_ms(last_id),
        scores=[_score(channel, totals) for channel, totals in used],
    )


def _score(channel: str, totals: Sequence[StatusTotal]) -> ChannelScore:
    every = sum(total.messages for total in totals)
    success = sum(total.messages for total in totals if total.status in _SUCCESS)
    fail = sum(total.messages for total in totals if total.status == FAILED)
    return ChannelScore(channel, percent(success, every), percent(fail, every))


def percent(part: int, whole: int) -> int:
    """Half rounds up. `whole` is at least 1."""
    return (200 * part + whole) // (2 * whole)
