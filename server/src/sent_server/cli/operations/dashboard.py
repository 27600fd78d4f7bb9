"""Operations on the dashboard."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.accounts import OperatorError
from sent_server.cli.operations.operator import Operator
from sent_server.dashboard.auth import service as auth
from sent_server.db import Tx
from sent_server.kernel import timestamps
from sent_server.users import service as users


async def link(tx: Tx, operator: Operator, *, email: str) -> Any:
    """A link that signs in the person with this address, once. Raises OperatorError if no account has this user."""
    if not await users.memberships(tx, email):
        raise OperatorError(f"no account has an active user {email}; see `sent users list CUSTOMER`")
    now_ms = operator.clock.now_ms()
    token = await auth.make_link(tx, email, now_ms=now_ms)
    expires_at = timestamps.iso(now_ms + auth.LINK_MS)
    return {"email": email, "link": f"{operator.base_url}/dashboard/enter/{token}", "expires_at": expires_at}


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {"dashboard link": link}
