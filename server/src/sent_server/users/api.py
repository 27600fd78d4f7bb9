"""The five user routes."""

from collections.abc import Callable, Sequence

from sent_server.db import Tx
from sent_server.http import query, route
from sent_server.http.fields import Mutation
from sent_server.http.limits import LimitClass
from sent_server.http.reply import Reply
from sent_server.http.route import NO_ACCESS, NO_ADMIN_ACCESS, Access, Call, Options, Route
from sent_server.kernel import paging
from sent_server.users import service, wire
from sent_server.users.invitations import Invitations
from sent_server.users.wire import ChangeRole, InviteUser

BAD_ID = ("VALIDATION_001", "Invalid user ID format.")


def routes(office: Invitations, *, quota: int, forget: Callable[[], None]) -> Sequence[Route]:
    """`forget` clears this process's cache of keys, because a change here may revoke some."""

    async def invite(tx: Tx, call: Call, body: InviteUser) -> Reply:
        invited = await service.invite(
            tx,
            office,
            call.caller.customer_id,
            email=body.email,
            name=body.name,
            role=body.role,
            quota=call.caller.quota("users", quota),
            now_ms=call.now_ms,
        )
        return Reply(201, wire.user(invited.user))

    async def change_role(tx: Tx, call: Call, body: ChangeRole) -> Reply:
        tx.after_commit(forget)
        user_id = call.path["userId"]
        return Reply(
            200, wire.user(await service.change_role(tx, call.caller, user_id, role=body.role, now_ms=call.now_ms))
        )

    async def remove(tx: Tx, call: Call, _: Mutation) -> Reply:
        tx.after_commit(forget)
        await service.remove(tx, call.caller, call.path["userId"], now_ms=call.now_ms)
        return Reply(204)

    one = "/v3/users/{userId}"
    admin: Options = {"access": Access.ADMIN, "denied": NO_ADMIN_ACCESS, "bad_id": BAD_ID}
    inviter: Options = {**admin, "limit": LimitClass.SENSITIVE}
    reader: Options = {"access": Access.DEVELOP, "denied": NO_ACCESS, "bad_id": BAD_ID}
    return [
        route.get("/v3/users", list_users, **reader),
        route.mutate("POST", "/v3/users", invite, body=InviteUser, **inviter),
        route.get(one, get, **reader),
        route.mutate("PATCH", one, change_role, body=ChangeRole, **admin),
        route.mutate("DELETE", one, remove, body=Mutation, **admin),
    ]


async def list_users(tx: Tx, call: Call) -> Reply:
    page = query.page_or_all(call.query)
    users = await service.list_all(tx, call.caller.customer_id)
    shown, position = paging.cut_all(page, users, key=lambda user: user.id)
    return Reply(200, {"users": [wire.user(user) for user in shown], "pagination": position})


async def get(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.user(await service.get(tx, call.caller.customer_id, call.path["userId"])))
