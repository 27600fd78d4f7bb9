"""Which channels can reach a number. Contacts ask it when they meet a new number; any carrier may answer."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sent_server.db import Tx


class Reach(Protocol):
    async def channels_of(self, tx: Tx, customer_id: str, numbers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The channels that reach each of these E.164 numbers; a number that nothing reaches has an empty set.

        Runs inside the caller's transaction, so it reads rows and asks nobody outside. One call for a whole batch.
        """
        ...
