"""SQL of handsets and of what they received and said."""

import functools
from collections.abc import Sequence

from sent_server.db import Tx

CHANNELS = """
    SELECT phone, channels FROM handsets
    WHERE customer_id = :customer_id AND phone IN (:phones[])
"""


async def channels_set(tx: Tx, customer_id: str, phones: Sequence[str]) -> dict[str, frozenset[str]]:
    """Of the handsets that were set by hand."""
    rows = await tx.fetch(CHANNELS, customer_id=customer_id, phones=phones)
    return {row[0]: _load_channels(row[1]) for row in rows}


@functools.lru_cache(maxsize=16)
def _load_channels(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()
