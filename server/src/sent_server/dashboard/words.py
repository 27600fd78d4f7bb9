"""Times, money, counts and states for people. The only place of the dashboard that formats."""

import functools
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson

from sent_server.kernel import channels, money, phone, timestamps
from sent_server.kernel.values import value_object


@value_object
class StateWords:
    """`mark` is an icon, `tone` a class of the style sheet. A state is always shown as mark and word."""

    mark: str
    tone: str
    word: str


STATES: dict[str, StateWords] = {
    "QUEUED": StateWords("queued", "queued", "Queued"),
    "SCHEDULED": StateWords("calendar", "queued", "Scheduled"),
    "PROCESSED": StateWords("queued", "queued", "Queued"),
    "ROUTED": StateWords("routed", "routed", "Routed"),
    "SENT": StateWords("sent", "sent", "Sent"),
    "DELIVERED": StateWords("delivered", "delivered", "Delivered"),
    "READ": StateWords("read", "read", "Read"),
    "FAILED": StateWords("failed", "failed", "Failed"),
    "FILTERED": StateWords("refused", "refused", "Filtered"),
    "BLOCKED": StateWords("refused", "refused", "Blocked"),
    "CANCELLED": StateWords("x", "queued", "Cancelled"),
    "RECEIVED": StateWords("received", "received", "Received"),
}
AUTOMATIC = "Automatic"


def state(status: str) -> StateWords:
    return STATES.get(status) or StateWords("unknown", "queued", status.capitalize())


def channel(name: str | None) -> str:
    return channels.LABELS.get(name or "", AUTOMATIC)


def number(e164: str) -> str:
    return phone.formats(e164).international if phone.is_e164(e164) else e164


def price(micros: int | None) -> str:
    return "" if micros is None else f"${money.to_text(micros)}"


def balance(micros: int) -> str:
    """Two decimals with separators: what people compare with a bank statement."""
    cents = micros // 10_000
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def took(ms: int) -> str:
    if ms < 1_000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.1f} s"
    if ms < 3_600_000:
        return f"{ms // 60_000} min {ms % 60_000 // 1_000} s"
    return f"{ms // 3_600_000} h {ms % 3_600_000 // 60_000} min"


def count(value: int) -> str:
    return f"{value:,}"


@functools.lru_cache(maxsize=256)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError):  # an unknown name, or a system without time zones
        return None


def is_zone(name: str) -> bool:
    return _zone(name) is not None


def moment(at_ms: int, zone: str | None) -> datetime:
    """In the person's zone, or UTC."""
    return datetime.fromtimestamp(at_ms / 1_000, _zone(zone) or UTC)


def clock(at_ms: int, zone: str | None) -> str:
    return moment(at_ms, zone).strftime("%H:%M:%S")


def exact_clock(at_ms: int, zone: str | None) -> str:
    return moment(at_ms, zone).strftime("%H:%M:%S.%f")[:-3]


def day(at_ms: int, zone: str | None) -> str:
    at = moment(at_ms, zone)
    return f"{at.day} {at:%b %Y}"


def day_and_clock(at_ms: int, zone: str | None) -> str:
    return f"{day(at_ms, zone)}, {clock(at_ms, zone)}"


def short(at_ms: int, now_ms: int, zone: str | None) -> str:
    """The time of today, or the day."""
    at, now = moment(at_ms, zone), moment(now_ms, zone)
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at.day} {at:%b %H:%M}"


def of_iso(text: str | None, now_ms: int, zone: str | None) -> str:
    """A time of the API for people. Empty for None."""
    at_ms = timestamps.parse(text) if text else None
    return "" if at_ms is None else short(at_ms, now_ms, zone)


def channel_list(names: str | Sequence[str] | None) -> str:
    """The names of channels, from a list or from a text with commas."""
    listed = names.split(",") if isinstance(names, str) else names or ()
    return ", ".join(channel(name.strip()) for name in listed)


def iso(at_ms: int) -> str:
    """UTC, for machines and tooltips."""
    return timestamps.iso(at_ms)


def json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def zone_name(zone: str | None) -> str:
    return zone if zone and is_zone(zone) else "UTC"


# Characters that change the direction of text or cannot be seen. A name with them could imitate another one.
_HIDDEN = {
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0x061C, *range(0x200B, 0x2010),
    *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
}  # fmt: skip
_MADE_VISIBLE = {code: f"[U+{code:04X}]" for code in _HIDDEN}
MAX_SHOWN = 4_096


def untrusted(text: str) -> str:
    """Text that other people wrote: hidden characters become visible, and a long text is cut."""
    shown = text[:MAX_SHOWN].translate(_MADE_VISIBLE)
    return f"{shown}…" if len(text) > MAX_SHOWN else shown
