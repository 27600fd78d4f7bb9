"""Messages as stored, and the command to send.

`Batch`, `Message` and `MessageEvent` are the rows of their tables: their fields are the columns of the INSERT.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from sent_server.carriers.base import Attachment, HeaderMedia, Location, MessageButton, MessageContent
from sent_server.http.caller import Caller
from sent_server.kernel.channels import WHATSAPP
from sent_server.kernel.values import value_object
from sent_server.messages.request import SendRequest
from sent_server.routing.model import Judgement

AUTOMATIC = "sent"


@value_object
class SendCommand:
    """A `POST /v3/messages`. `recipients` are distinct, in E.164. `request` says what they get."""

    caller: Caller
    recipients: tuple[str, ...]
    request: SendRequest
    callback_url: str | None
    request_id: str
    now_ms: int

    @property
    def weight(self) -> int:
        return len(self.recipients) * len(self.request.channels)


@value_object
class PlannedLeg:
    """A leg with all data for its submit, so that dispatch reads no configuration."""

    channel: str
    price_micros: int
    carrier: str
    sender: str


def queue_key(customer_id: str, sender: str, *, held: bool = False) -> str:
    """The queue of a message to be dispatched. Queues are served round-robin. A sender may have a rate limit.

    `held`: the message waited for its time. Such messages come in crowds, and must not delay the customer's others.
    """
    return f"{customer_id}:held/{sender}" if held else f"{customer_id}/{sender}"


def sender_of(queue_key: str) -> str:
    return queue_key.partition("/")[2]


@value_object
class StoredPlan:
    """`is_system`: our reply to a keyword, which is sent regardless of consent.

    `is_text`: free text, which WhatsApp takes only within its window, and `needs_conversation`: so does every channel
    of this account. `is_newer`: asked for by a client that knows FILTERED and BLOCKED, so that a refusal is shown so.
    """

    legs: tuple[PlannedLeg, ...]
    judgements: tuple[Judgement, ...] = ()
    is_system: bool = False
    is_text: bool = False
    is_newer: bool = False
    needs_conversation: bool = False

    def needs_window(self, channel: str) -> bool:
        """Whether the channel takes this message only after a recent message of the contact."""
        return self.is_text and (self.needs_conversation or channel == WHATSAPP)


def dump_plan(plan: StoredPlan) -> str:
    return orjson.dumps(plan).decode()


def join_plans(plans: Sequence[str]) -> str:
    """Join plans from `dump_plan` to the stored list."""
    return f"[{','.join(plans)}]"


@functools.lru_cache(maxsize=2_000)
def load_plans(text: str) -> tuple[StoredPlan, ...]:
    """Parse a stored list of plans. Cached, because the messages of a request share a few plans."""
    return tuple(
        StoredPlan(
            tuple(PlannedLeg(**leg) for leg in raw["legs"]),
            tuple(Judgement(**judgement) for judgement in raw["judgements"]),
            raw["is_system"],
            raw.get("is_text", False),  # absent in plans of releases before migration 17
            raw.get("is_newer", False),
            raw.get("needs_conversation", False),
        )
        for raw in orjson.loads(text)
    )


def dump_contents(contents: Mapping[str, MessageContent]) -> str:
    return orjson.dumps(contents).decode()


# Longer contents are not cached. This limits the cache to 32 MB.
MAX_REMEMBERED = 4_096


def load_contents(text: str) -> dict[str, MessageContent]:
    return _remembered(text) if len(text) <= MAX_REMEMBERED else _loaded(text)


def _loaded(text: str) -> dict[str, MessageContent]:
    return {channel: _content(raw) for channel, raw in orjson.loads(text).items()}


_remembered = functools.lru_cache(maxsize=1_000)(_loaded)


def _content(raw: dict[str, Any]) -> MessageContent:
    header_media, location = raw.get("header_media"), raw.get("location")  # absent before migration 21
    return MessageContent(
        raw["content"],
        raw["header"],
        raw["footer"],
        tuple(MessageButton(**button) for button in raw["buttons"]),
        HeaderMedia(**header_media) if header_media else None,
        Location(**location) if location else None,
        tuple(Attachment(**medium) for medium in raw.get("media", ())),
        raw.get("subject"),
    )


class Batch(NamedTuple):
    """The data that all messages of a request share. `request_json` is from `request.dump`."""

    customer_id: str
    id: str
    template_id: str | None
    template_name: str | None
    template_category: str | None
    ledger_id: str
    contents_json: str
    plans_json: str
    callback_url: str | None
    created_at_ms: int
    request_json: str | None = None


class Message(NamedTuple):
    """`sender`, `carrier_ref` and `reply_to` belong to inbound messages. `scheduled_at_ms` remains after the release.

    `reason_code` and `reason` say why the message is FAILED, FILTERED or BLOCKED.
    """

    customer_id: str
    id: str
    batch_id: str
    contact_id: str
    phone: str
    region_code: str
    status: str
    channel: str | None
    leg: int
    legs: int
    plan_number: int
    held_micros: int
    settled_at_ms: int | None
    price_micros: int | None
    active_contact_price_micros: int | None
    last_sequence: int
    created_at_ms: int
    updated_at_ms: int
    sender: str | None = None
    carrier_ref: str | None = None
    reply_to: str | None = None
    scheduled_at_ms: int | None = None
    reason_code: str | None = None
    reason: str | None = None


class MessageEvent(NamedTuple):
    """An entry of a message's history. Before routing, `channel` is `sent`."""

    customer_id: str
    message_id: str
    sequence: int
    status: str
    channel: str
    description: str | None
    price_micros: int | None
    active_contact_price_micros: int | None
    at_ms: int
