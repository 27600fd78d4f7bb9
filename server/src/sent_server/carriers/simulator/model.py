"""Handsets, and their messages in both directions."""

from enum import StrEnum
from typing import Any

import orjson

from sent_server.carriers.base import Attachment
from sent_server.carriers.simulator.behaviour import Fault
from sent_server.kernel.values import value_object


class Direction(StrEnum):
    TO_PHONE = "to_phone"
    FROM_PHONE = "from_phone"


@value_object
class Handset:
    """A phone that was configured through the API or has messages."""

    phone: str
    channels: frozenset[str]
    messages: int
    last_at_ms: int | None


@value_object
class HandsetMessage:
    """`sender` is our number in both directions. The times of scheduled receipts are in the future."""

    id: str
    phone: str
    direction: str
    channel: str
    sender: str
    message_id: str | None
    text: str
    extras_json: str | None
    duplicates: int
    at_ms: int
    delivered_at_ms: int | None
    read_at_ms: int | None
    failed_at_ms: int | None

    @property
    def media(self) -> tuple[Attachment, ...]:
        extras: dict[str, Any] = orjson.loads(self.extras_json) if self.extras_json else {}
        return tuple(Attachment(**medium) for medium in extras.get("media", ()))

    def state(self, now_ms: int) -> str:
        """`sent` is also the state of a message without receipts."""
        if self.direction == Direction.FROM_PHONE:
            return "answered"
        for state, at_ms in (("read", self.read_at_ms), ("delivered", self.delivered_at_ms)):
            if at_ms is not None and at_ms <= now_ms:
                return state
        return "failed" if self.failed_at_ms is not None and self.failed_at_ms <= now_ms else "sent"


@value_object
class DialledFault:
    """A fault on one channel of a tenant."""

    channel: str
    fault: Fault
