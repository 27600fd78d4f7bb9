"""The attempts of one message, for people."""

from sent_server.db import Tx
from sent_server.delivery import attempt_store
from sent_server.delivery.attempt_store import LoggedAttempt

__all__ = ["LoggedAttempt", "of_message"]


async def of_message(tx: Tx, customer_id: str, message_id: str) -> list[LoggedAttempt]:
    """In the order of legs and attempts. Empty for an unknown message."""
    return await attempt_store.of_message(tx, customer_id, message_id)
