"""What handsets can receive, and what people do with them."""

from collections.abc import Sequence

from sent_server.carriers.simulator import behaviour
from sent_server.db import Tx
from sent_server.phones import store


async def capabilities(tx: Tx, customer_id: str, phones: Sequence[str]) -> dict[str, frozenset[str]]:
    """The channels that each phone takes: what was set by hand, else what its number says. One statement."""
    by_hand = await store.channels_set(tx, customer_id, phones)
    if not by_hand:
        return {phone: behaviour.capabilities(phone) for phone in phones}
    return {phone: by_hand[phone] if phone in by_hand else behaviour.capabilities(phone) for phone in phones}
