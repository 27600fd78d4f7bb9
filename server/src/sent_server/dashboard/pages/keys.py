"""API keys: who or what can act as us?"""

from collections.abc import Sequence

from starlette.responses import Response

from sent_server.accounts import service as accounts
from sent_server.accounts.model import ROLES, Key
from sent_server.dashboard.errors import nothing_here
from sent_server.dashboard.visit import Visit
from sent_server.kernel.values import value_object


@value_object
class View:
    """`made` is a new key in plain text, shown once."""

    keys: Sequence[Key]
    roles: Sequence[str]
    made: str
    problem: str


async def show(visit: Visit) -> Response:
    return await _view(visit)


async def create(visit: Visit) -> Response:
    role = visit.form.get("role", "")
    if role not in roles_of(visit):
        return await _view(visit, problem="Choose one of the roles")
    customer_id, now_ms = visit.place.customer_id, visit.now_ms
    key_id, api_key = await visit.write(lambda tx: accounts.create_key(tx, customer_id, role=role, now_ms=now_ms))
    await visit.note("create API key", key_id, role)
    return await _view(visit, made=api_key)


async def revoke(visit: Visit) -> Response:
    key_id, customer_id, now_ms = visit.params["id"], visit.place.customer_id, visit.now_ms
    keys = await visit.read(lambda tx: accounts.list_keys(tx, customer_id))
    key = next((one for one in keys if one.id == key_id), None)
    if key is None or (key.role not in roles_of(visit)):
        raise nothing_here()
    await visit.write(lambda tx: accounts.revoke_key(tx, key_id, now_ms=now_ms))
    visit.parts.forget_callers()
    await visit.note("revoke API key", key_id, key.hint)
    return visit.see_other("/keys")


def roles_of(visit: Visit) -> Sequence[str]:
    """The roles of keys that the person may create and revoke: nobody may make a key with more rights."""
    return ROLES if visit.is_admin else ("developer",)


async def _view(visit: Visit, *, made: str = "", problem: str = "") -> Response:
    customer_id = visit.place.customer_id
    keys = await visit.read(lambda tx: accounts.list_keys(tx, customer_id))
    alive = [key for key in reversed(keys) if key.revoked_at_ms is None]
    return visit.answer("keys", View(alive, roles_of(visit), made, problem), status=422 if problem else 200)
