"""Operations on API keys."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.accounts import OperatorError, service
from sent_server.cli.operations.operator import Operator
from sent_server.db import Tx
from sent_server.kernel import timestamps
from sent_server.users import service as users

DEFAULT_ROLE = "admin"


async def create_key(
    tx: Tx,
    operator: Operator,
    *,
    customer_id: str,
    role: str | None = None,
    profile_id: str | None = None,
    user_id: str | None = None,
) -> Any:
    """A user's key has the user's role, so `role` and `user` exclude each other."""
    if user_id is not None and role is not None:
        raise OperatorError("a key of a user has the user's role; omit --role or --user")
    owner = await service.find(tx, profile_id or customer_id)
    if profile_id is not None and owner.organization_id != customer_id.lower():
        raise OperatorError(f"{profile_id} is not a profile of {customer_id}; see `sent accounts show`")
    role = role or DEFAULT_ROLE
    if user_id is not None:
        role = (await users.get(tx, owner.id, user_id)).shown_role
    key_id, api_key = await service.create_key(tx, owner.id, role=role, user_id=user_id, now_ms=operator.clock.now_ms())
    return {"id": key_id, "api_key": api_key, "customer_id": owner.id, "role": role, "user_id": user_id}


async def list_keys(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    return [
        {
            "id": key.id,
            "role": key.role,
            "user_id": key.user_id,
            "ends_in": key.hint,
            "created_at": timestamps.iso(key.created_at_ms),
            "revoked_at": None if key.revoked_at_ms is None else timestamps.iso(key.revoked_at_ms),
        }
        for key in await service.list_keys(tx, customer_id)
    ]


async def revoke_key(tx: Tx, operator: Operator, *, key_id: str) -> Any:
    await service.revoke_key(tx, key_id, now_ms=operator.clock.now_ms())
    return {"id": key_id, "revoked": True}


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "keys create": create_key,
    "keys list": list_keys,
    "keys revoke": revoke_key,
}
