"""Operations on connections to carriers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.cli.operations.operator import Operator
from sent_server.connections import service
from sent_server.db import Tx
from sent_server.kernel import timestamps


async def list_connections(tx: Tx, operator: Operator) -> Any:
    return [
        {
            "id": one.id,
            "driver": one.driver,
            "customer_id": one.customer_id,
            "state": one.state.value,
            "paused_until": timestamps.iso_or_none(one.paused_until_ms),
            "reason": one.paused_reason,
            "waits_for": one.paused_for,
            "senders": senders,
        }
        for one, senders in await service.list_connections(tx)
    ]


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {"connections list": list_connections}
