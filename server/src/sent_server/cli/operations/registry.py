"""All operations by name."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.accounts import OperatorError
from sent_server.cli.operations import accounts, connections, dashboard, keys, sim, users, webhooks
from sent_server.cli.operations.operator import Operator
from sent_server.errors import ApiError

OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    **accounts.OPERATIONS,
    **connections.OPERATIONS,
    **dashboard.OPERATIONS,
    **keys.OPERATIONS,
    **sim.OPERATIONS,
    **users.OPERATIONS,
    **webhooks.OPERATIONS,
}


async def perform(operator: Operator, name: str, arguments: dict[str, Any]) -> Any:
    """Run an operation in one transaction. Raises OperatorError for invalid arguments."""
    operation = OPERATIONS.get(name)
    if operation is None:
        raise OperatorError(f"the running server does not know {name!r}; restart it with this release")
    try:
        done = await operator.database.write(lambda tx: operation(tx, operator, **arguments))
    except ApiError as refusal:
        faults = [fault for field in (refusal.details or {}).values() for fault in field]
        raise OperatorError("; ".join(faults) or refusal.message) from None
    operator.forget()
    return done
