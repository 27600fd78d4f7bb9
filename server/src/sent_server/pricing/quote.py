"""The price of one leg."""

from sent_server.kernel.channels import SMS
from sent_server.pricing.card import DEFAULT, RateCard


def quote(card: RateCard, *, channel: str, region: str, category: str, segments: int) -> int | None:
    """Price one leg before acceptance.

    Returns micros. SMS is priced per segment, other channels per message. None if the card has no row for the
    channel, not even a default one. Source: docs/how-to/set-prices.md.
    """
    by_region = card.prices.get(channel)
    if not by_region:
        return None
    by_category = by_region.get(region) or by_region.get(DEFAULT)
    if not by_category:
        return None
    price = by_category.get(category, by_category.get(DEFAULT))
    if price is None:
        return None
    return price * segments if channel == SMS else price
