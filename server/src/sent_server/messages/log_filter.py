"""Which messages a list shows: the filters of the query string, and their values; and totals of such messages."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from sent_server.errors import ApiError
from sent_server.http import query
from sent_server.kernel import ids, phone, timestamps
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.values import value_object
from sent_server.messages.statuses import QUEUED, MessageStatus

# Filters that look at rows: they may read many more than they show.
SEARCHING = ("status", "channel", "direction", "phone", "template_id")
MMS = "mms"
# The contract knows ACCEPTED, which no message of this server has.
_STATUSES: Mapping[str, str] = {
    **{status.value.lower(): status.value for status in MessageStatus},
    "accepted": "ACCEPTED",
    "pending": QUEUED.value,
}
_CHANNELS = tuple(dict.fromkeys((*CHANNELS, MMS)))
INBOUND, OUTBOUND = "inbound", "outbound"
_NUMBER = re.compile(r"[0-9 +().\-/\u00a0\u2011]*", re.ASCII)


@value_object
class MessageFilter:
    """Conditions that must all hold. None means any.

    `from_ms` is inclusive and `to_ms` exclusive. `contact_ids` and `phones` each name one person: any of them fits.
    """

    statuses: tuple[str, ...] | None = None
    channel: str | None = None
    is_inbound: bool | None = None
    template_id: str | None = None
    contact_ids: tuple[str, ...] | None = None
    phones: tuple[str, ...] | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    @property
    def searches(self) -> bool:
        """Whether rows must be read to decide. Contacts and times are found by index."""
        return any(
            value is not None for value in (self.statuses, self.channel, self.is_inbound, self.template_id, self.phones)
        )


class StatusTotal(NamedTuple):
    """The messages with one channel and status. Their ids begin with the times of their creation."""

    channel: str | None
    status: str
    messages: int
    first_id: str
    last_id: str


EVERYTHING = MessageFilter()


def parse(given: Mapping[str, str]) -> MessageFilter:
    """The filters, with `phones` as one number in E.164. Empty means absent.

    Raises VALIDATION_006 for an unknown status, channel or direction, VALIDATION_001 for a malformed value.
    """
    direction = query.choice(given, "direction", (INBOUND, OUTBOUND), any_case=True)
    contact_id = _id(given, "contact_id")
    number = _number(given, "phone")
    return MessageFilter(
        statuses=_statuses(given),
        channel=query.choice(given, "channel", _CHANNELS, any_case=True),
        is_inbound=None if direction is None else direction == INBOUND,
        template_id=_id(given, "template_id"),
        contact_ids=None if contact_id is None else (contact_id,),
        phones=None if number is None else (number,),
        from_ms=_moment(given, "created_after"),
        to_ms=_moment(given, "created_before"),
    )


def _statuses(given: Mapping[str, str]) -> tuple[str, ...] | None:
    names = [name for part in (given.get("status") or "").split(",") if (name := part.strip())]
    unknown = next((name for name in names if name.lower() not in _STATUSES), None)
    if unknown is not None:
        known = ", ".join(_STATUSES).upper().replace("PENDING", "pending")
        problem = f"Unknown status {unknown[:40]!r}. Value must be one of: {known}"
        raise ApiError("VALIDATION_006", details={"status": [problem]})
    return tuple(dict.fromkeys(_STATUSES[name.lower()] for name in names)) or None


def _id(given: Mapping[str, str], name: str) -> str | None:
    text = (given.get(name) or "").strip()
    found = ids.parse_uuid(text)
    if text and found is None:
        raise ApiError("VALIDATION_001", details={name: ["Value must be a UUID"]})
    return found


def _number(given: Mapping[str, str], name: str) -> str | None:
    """The number in E.164. Accepts punctuation, the prefix 00, and a plus that arrived as a blank."""
    text = (given.get(name) or "").strip()
    if not text:
        return None
    digits = phone.digits_of(text)
    number = "+" + digits.removeprefix("00")
    if not _NUMBER.fullmatch(text) or not phone.is_e164(number):
        problem = "Value must be a phone number with its country code, such as +14155551234"
        raise ApiError("VALIDATION_001", details={name: [problem]})
    return number


def _moment(given: Mapping[str, str], name: str) -> int | None:
    text = (given.get(name) or "").strip()
    if not text:
        return None
    # A client that does not escape the plus of an offset sends a blank instead.
    at_ms = timestamps.parse_up(text.replace(" ", "+"))
    if at_ms is None:
        problem = "Value must be an ISO 8601 time with an offset, such as 2026-01-15T10:35:00Z"
        raise ApiError("VALIDATION_001", details={name: [problem]})
    return at_ms
