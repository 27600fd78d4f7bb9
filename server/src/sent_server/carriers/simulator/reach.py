"""The channels that reach a simulated handset (`ports.reach`): as set through the API, or else by its number."""

from collections.abc import Mapping, Sequence

from sent_server.carriers.simulator import handsets
from sent_server.db import Tx


class SimulatedReach:
    async def channels_of(self, tx: Tx, customer_id: str, numbers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        return await handsets.capabilities(tx, customer_id, numbers)
