"""Rate cards: prices per channel, region and category, with a default row per channel.

A card is data (`cards/*.json`): {"channels": {CHANNEL: {REGION or "default": {CATEGORY or "default": USD text}}}}.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sent_server.kernel import money

DEFAULT = "default"


@dataclass(frozen=True, slots=True, eq=False)
class RateCard:
    """`prices[channel][region][category]` in micros; `active_contact_micros` per contact and month.

    Compared by identity: a card is loaded once.
    """

    name: str
    prices: Mapping[str, Mapping[str, Mapping[str, int]]]
    active_contact_micros: int = 0


def parse(content: Mapping[str, Any]) -> RateCard:
    """Raises ValueError for a price that is not a plain, non-negative decimal."""
    prices = {
        channel: {
            region: {category: _micros(text) for category, text in by_category.items()}
            for region, by_category in by_region.items()
        }
        for channel, by_region in content["channels"].items()
    }
    return RateCard(content["name"], prices, _micros(content.get("active_contact_price", "0")))


def load(name: str = "default") -> RateCard:
    file = resources.files("sent_server.pricing").joinpath("cards", f"{name}.json")
    return parse(json.loads(file.read_text(encoding="utf-8")))


def _micros(text: str) -> int:
    micros = money.parse(text)
    if micros is None or micros < 0:
        raise ValueError(f"{text!r} is not a price")
    return micros
