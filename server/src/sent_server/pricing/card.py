"""Rate cards: prices per channel, region and category, with a default row per channel.

A card is data (`cards/*.json`): {"channels": {CHANNEL: {REGION or "default": {CATEGORY or "default": USD text}}}}.
"""

import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, cast

from sent_server.kernel import money
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.values import value_object

DEFAULT = "default"
KEYS = frozenset({"name", "note", "active_contact_price", "channels"})
# SERVICE is for texts without a template.
SERVICE = "SERVICE"
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION", SERVICE, DEFAULT)
_REGION = re.compile(r"[A-Z]{2}|default", re.ASCII)
_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)


class CardError(ValueError):
    """An invalid rate card. The message names the entry and the remedy."""


@value_object(eq=False)
class RateCard:
    """`prices[channel][region][category]` in micros; `active_contact_micros` per contact and month.

    Compared by identity: a card is loaded once.
    """

    name: str
    prices: Mapping[str, Mapping[str, Mapping[str, int]]]
    active_contact_micros: int = 0


def load(name: str = "default") -> RateCard:
    """A built-in card."""
    file = resources.files("sent_server.pricing").joinpath("cards", f"{name}.json")
    return decode(file.read_bytes())


def read(path: Path) -> RateCard:
    """An operator's card. Raises CardError."""
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise CardError(f"cannot read the rate card {path}: {error.strerror}") from error
    except CardError as error:
        raise CardError(f"the rate card {path} cannot be used: {error}") from error


def decode(text: bytes) -> RateCard:
    """Raises CardError for text that is not JSON, for duplicate keys, and for anything that `parse` refuses."""
    try:
        content = json.loads(text, object_pairs_hook=_without_duplicates)
    except CardError:
        raise
    except (ValueError, RecursionError) as error:
        raise CardError(f"not valid JSON: {error}") from error
    return parse(content)


def parse(content: object) -> RateCard:
    """Raises CardError for unknown keys, and for a price that is not a plain, non-negative decimal."""
    card = _table(content, "the card", KEYS)
    channels = _table(card.get("channels"), "channels", CHANNELS)
    if not channels:
        raise CardError("channels is empty; no message could be sent")
    prices = {
        channel: {
            region: {
                category: _micros(price, f"channels.{channel}.{region}.{category}")
                for category, price in _table(by_category, f"channels.{channel}.{region}", CATEGORIES).items()
            }
            for region, by_category in _regions(by_region, f"channels.{channel}").items()
        }
        for channel, by_region in channels.items()
    }
    active_contact_micros = _micros(card.get("active_contact_price", "0"), "active_contact_price")
    return RateCard(str(card.get("name", "")), prices, active_contact_micros)


def _table(content: object, place: str, known: frozenset[str] | tuple[str, ...]) -> Mapping[str, Any]:
    table = _object(content, place)
    for key in table:
        if key not in known:
            raise CardError(f"{place} has an unknown key {key!r}; use {', '.join(sorted(known))}")
    return table


def _regions(content: object, place: str) -> Mapping[str, Any]:
    regions = _object(content, place)
    for region in regions:
        if not _REGION.fullmatch(region):
            raise CardError(f"{place} has no region {region!r}; use two capitals such as US, or default")
    return regions


def _object(content: object, place: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise CardError(f"{place} must be an object")
    return cast(dict[str, Any], content)


def _micros(price: object, place: str) -> int:
    """Text, not a JSON number, because 0.1 is not an exact binary fraction."""
    micros = money.parse(price) if isinstance(price, str) and _PRICE.fullmatch(price) else None
    if micros is None:
        raise CardError(f'{place}: {price!r} is not a price; write USD as text with up to 6 decimals, "0.0083"')
    return micros


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, content in pairs:
        if key in found:
            raise CardError(f"{key!r} is written twice")
        found[key] = content
    return found
