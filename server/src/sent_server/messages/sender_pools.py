"""The object `channels` of a request: the own senders that a message may leave from, by channel. Pure.

{"sms": [{"from": ["+14155550100"], "country": "US", "strategy": "sticky"}]}: `country` and `strategy` have no effect.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from sent_server.http.fields import fault
from sent_server.kernel.channels import CHANNELS
from sent_server.messages import pools

SenderPools = dict[str, tuple[str, ...]]
MAX_ENTRIES = 100
MAX_SENDERS = 100
NO_POOL = f"has no senders; name {', '.join(CHANNELS[:-1])} or {CHANNELS[-1]}"
BAD_SENDER = "A sender must be a number in E.164 format, or 1 to 11 letters and digits with a letter"
_Location = tuple[int | str, ...]
_Problem = tuple[_Location, str, str]


def read(value: Mapping[str, Any]) -> SenderPools:
    """The listed senders of each channel, in order. A channel without any is left out. Raises ValidationError."""
    problems: list[_Problem] = []
    found: SenderPools = {}
    for channel, entries in value.items():
        if entries is None or entries == []:
            continue
        if channel not in CHANNELS:
            problems.append(((channel[:40],), "VALIDATION_006", f"'{channel[:40]}' {NO_POOL}"))
            continue
        if senders := tuple(dict.fromkeys(_senders(channel, entries, problems))):
            found[channel] = senders
    if problems:
        lines = [InitErrorDetails(type=fault(code, text), loc=at, input=None) for at, code, text in problems]
        raise ValidationError.from_exception_data("channels", lines)
    return found


def _senders(channel: str, entries: Any, problems: list[_Problem]) -> Iterator[str]:
    for place, entry in _listed(entries, (channel,), "entries", MAX_ENTRIES, problems):
        if not isinstance(entry, dict):
            problems.append(((channel, place), "VALIDATION_001", "Expected an object"))
            continue
        named = cast(dict[str, Any], entry)
        for name in ("country", "strategy"):
            if not isinstance(named.get(name), str | None):
                problems.append(((channel, place, name), "VALIDATION_001", "Expected a string"))
        senders = named.get("from")
        if senders is None:
            continue
        at = (channel, place, "from")
        for number, sender in _listed(senders, at, "senders", MAX_SENDERS, problems):
            if isinstance(sender, str) and pools.is_sender(sender):
                yield sender
            else:
                problems.append(((*at, number), "VALIDATION_002", BAD_SENDER))


def _listed(value: Any, at: _Location, what: str, most: int, problems: list[_Problem]) -> Iterator[tuple[int, Any]]:
    if not isinstance(value, list):
        problems.append((at, "VALIDATION_001", "Expected a list"))
        return
    items = cast(Sequence[Any], value)
    if len(items) > most:
        problems.append((at, "VALIDATION_005", f"At most {most} {what} are allowed"))
        return
    yield from enumerate(items)
