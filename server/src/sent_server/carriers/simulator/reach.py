"""Which channels reach a simulated handset (`ports.reach`): those set by hand, or those that its number stands for."""

from collections.abc import Mapping, Sequence

from sent_server.carriers.simulator import handsets
from sent_server.db import Tx


class SimulatedReach:
    async def channels_of(self, tx: Tx, customer_id: str, numbers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        return await handsets.capabilities(tx, customer_id, numbers)
