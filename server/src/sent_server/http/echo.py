"""Limits the parts of a request that its error may repeat: short, without card numbers and secrets.

Clients log and show errors, so a card number in the wrong field must not appear there.
"""

import itertools
import re
from collections.abc import Mapping, Sequence

import orjson

MAX_ENTRIES = 100
MAX_BYTES = 60 * 1024  # the rest of the response needs its share of 64 KiB
MAX_MESSAGES = 10
MAX_NAME = 200
MAX_MESSAGE = 500
_SHORT_NAME = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$@-]{0,39}")
_CARD = re.compile(r"(?<![0-9A-Za-z+])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
_SECRET = re.compile(r"\b(?:whsec_|[sprk]k_(?:live|test)_)[A-Za-z0-9_+/=-]{8,}|\beyJ[A-Za-z0-9_-]{10,}[A-Za-z0-9_.-]*")
HIDDEN = "[hidden]"


def name(given: str) -> str:
    """A client's name for a field, quoted if it looks like an identifier."""
    digits = sum(map(str.isdigit, given[:41]))
    if _SHORT_NAME.fullmatch(given) and digits < 8 and not _SECRET.search(given):
        return repr(given)
    return f"(a name of {len(given):,} characters)"


def path(given: str) -> str:
    """An unknown path, so that a typo is visible. Segments that may be numbers or ids are hidden."""
    shown = [part if not part or _is_plain(part) else HIDDEN for part in given[:MAX_NAME].split("/")]
    return "/".join(shown) + ("..." if len(given) > MAX_NAME else "")


def _is_plain(part: str) -> bool:
    return len(part) <= 40 and part.isascii() and part.isprintable() and sum(map(str.isdigit, part)) < 8


def masked(text: str) -> str:
    """The text without card numbers (they pass the Luhn check) and likely secrets."""
    return _SECRET.sub(HIDDEN, _CARD.sub(_hide_card, text))


def bounded(details: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]] | None:
    """At most 100 fields and 64 KiB as JSON, without long or secret values. The last entry counts omitted ones."""
    if details is None:
        return None
    kept: dict[str, list[str]] = {}
    room = MAX_BYTES
    most = MAX_ENTRIES if len(details) <= MAX_ENTRIES else MAX_ENTRIES - 1
    for field, messages in itertools.islice(details.items(), most):
        shown = [_cut(masked(message[: 2 * MAX_MESSAGE]), MAX_MESSAGE) for message in messages[:MAX_MESSAGES]]
        field = _cut(masked(field[: 2 * MAX_NAME]), MAX_NAME)
        room -= len(orjson.dumps([field, shown])) + 2
        if room < 0:
            break
        kept[field] = shown
    if len(kept) < len(details):
        kept["..."] = [f"{len(details) - len(kept):,} more were left out"]
    return kept


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _hide_card(found: re.Match[str]) -> str:
    digits = [int(character) for character in found[0] if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return HIDDEN if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else found[0]
