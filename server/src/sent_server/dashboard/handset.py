"""The phone on a page: one handset, one channel, its newest messages."""

from collections.abc import Sequence
from typing import Any

import orjson

from sent_server.carriers.simulator import handsets
from sent_server.carriers.simulator.adapter import NAME as SIMULATOR
from sent_server.carriers.simulator.model import Direction, HandsetMessage
from sent_server.channels import service as channels
from sent_server.dashboard import words
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object
from sent_server.messages.reading import MessageHistory

SHOWN = 50
DEMO_PHONE = "+1234567890"


@value_object
class Bubble:
    """`state` is sent, delivered, read or failed; empty for the person's own messages."""

    id: str
    text: str
    is_mine: bool
    state: str
    foot: str
    buttons: Sequence[str]
    at_ms: int
    clock: str


@value_object
class Screen:
    """`sender` is our number on the channel; empty if the account has no simulated one. `base` is the page's path."""

    phone: str
    channel: str
    channels: Sequence[str]
    sender: str
    bubbles: Sequence[Bubble]
    day: str
    clock: str
    base: str
    back: str
    answer_url: str
    problem: str = ""

    def url(self, channel: str) -> str:
        return f"{self.base}?channel={channel}"

    @property
    def live_url(self) -> str:
        return f"{self.base}?channel={self.channel}&part=chat"


async def screen_of_first(tx: Tx, visit: Visit, first: MessageHistory | None) -> Screen:
    """The phone that got the first message, or the one of the documentation."""
    number = first.message.phone if first else DEMO_PHONE
    channel = visit.query.get("channel") or (first.message.channel if first else None) or CHANNELS[0]
    return await screen(tx, visit, number, channel, base=visit.link(), back="overview")


async def screen(tx: Tx, visit: Visit, number: str, channel: str, *, base: str, back: str) -> Screen:
    """The newest messages of the handset on the channel, oldest first."""
    customer_id, now_ms, zone = visit.place.customer_id, visit.now_ms, visit.zone
    if channel not in CHANNELS:
        channel = CHANNELS[0]
    owner = (visit.caller.customer_id, visit.caller.organization_id)
    configured = (await channels.configured(tx, [owner])).get(customer_id, {})
    found, _ = await handsets.list_messages(tx, customer_id, number, Page(size=SHOWN), now_ms=now_ms)
    shown = [one for one in reversed(found) if one.channel == channel]
    config = configured.get(channel)
    return Screen(
        phone=number,
        channel=channel,
        channels=[name for name in CHANNELS if name in configured],
        sender=words.number(config.sender) if config and config.carrier == SIMULATOR else "",
        bubbles=[_bubble(one, now_ms, zone) for one in shown],
        day=words.day(shown[0].at_ms, zone) if shown else "",
        clock=words.clock(now_ms, zone)[:5],
        base=base,
        back=back,
        answer_url=visit.link(f"/phones/{number}/messages"),
        problem=visit.query.get("problem", "")[:200],
    )


def _bubble(one: HandsetMessage, now_ms: int, zone: str | None) -> Bubble:
    is_mine = one.direction == Direction.FROM_PHONE
    extras: dict[str, Any] = orjson.loads(one.extras_json) if one.extras_json else {}
    buttons: list[dict[str, str]] = extras.get("buttons") or []
    return Bubble(
        id=one.id,
        text=one.text,
        is_mine=is_mine,
        state="" if is_mine else one.state(now_ms),
        foot=extras.get("footer") or "",
        buttons=[button.get("text") or "" for button in buttons],
        at_ms=one.at_ms,
        clock=words.clock(one.at_ms, zone),
    )
