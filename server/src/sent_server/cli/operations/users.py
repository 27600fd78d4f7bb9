"""Operations on the users of an account."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server import mail
from sent_server.accounts import service as accounts
from sent_server.cli.operations.operator import Operator
from sent_server.db import Tx
from sent_server.http import fields
from sent_server.kernel import plurals, timestamps
from sent_server.users import invitations
from sent_server.users import service as users
from sent_server.users.model import User
from sent_server.users.wire import InviteUser


async def list_users(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    await accounts.find(tx, customer_id)
    return [_user(user) for user in await users.list_all(tx, customer_id)]


async def invite_user(tx: Tx, operator: Operator, *, customer_id: str, email: str, name: str, role: str) -> Any:
    """Like POST /v3/users, and returns the link."""
    await accounts.find(tx, customer_id)
    body = fields.validate(InviteUser, {"email": email, "name": name, "role": role})
    invited = await users.invite(
        tx,
        operator.office,
        customer_id,
        email=body.email,
        name=body.name,
        role=body.role,
        quota=operator.user_quota,
        now_ms=operator.clock.now_ms(),
    )
    return {**_user(invited.user), "link": invited.link}


async def remove_user(tx: Tx, operator: Operator, *, customer_id: str, user_id: str) -> Any:
    await users.expel(tx, customer_id, user_id, now_ms=operator.clock.now_ms())
    return {"id": user_id, "removed": True}


async def suspend_user(tx: Tx, operator: Operator, *, customer_id: str, user_id: str, suspended: bool = True) -> Any:
    now_ms = operator.clock.now_ms()
    return _user(await users.set_suspended(tx, customer_id, user_id, suspended=suspended, now_ms=now_ms))


async def list_invitations(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    """The open invitations with their links."""
    await accounts.find(tx, customer_id)
    now_ms = operator.clock.now_ms()
    return [
        {
            "user_id": item.user.id,
            "email": item.user.email,
            "role": item.user.shown_role,
            "link": item.link,
            "expires_at": timestamps.iso(item.expires_at_ms),
            "expired": now_ms >= item.expires_at_ms,
            "mail": _mail(item.mail),
        }
        for item in await invitations.open_ones(tx, operator.office, customer_id)
    ]


def _user(user: User) -> dict[str, Any]:
    return {"id": user.id, "email": user.email, "name": user.name, "role": user.role, "status": user.status}


def _mail(progress: mail.MailProgress | None) -> str:
    """The state of the email, in a few words."""
    match progress:
        case None:
            return "forgotten"
        case mail.MailProgress(sent_at_ms=int()):
            return "sent"
        case mail.MailProgress(failed_at_ms=int(), error=error):
            return f"failed: {error}"
        case mail.MailProgress(error=None):
            return "waiting"
        case mail.MailProgress(attempts=attempts, error=error):
            return f"tried {plurals.counted(attempts, 'time')}: {error}"


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "users list": list_users,
    "users invite": invite_user,
    "users remove": remove_user,
    "users suspend": suspend_user,
    "users invitations": list_invitations,
}
