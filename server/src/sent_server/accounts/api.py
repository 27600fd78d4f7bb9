"""GET /v3/me: the account behind the key."""

from collections.abc import Sequence

from sent_server.accounts import service, wire
from sent_server.db import Tx
from sent_server.http import route
from sent_server.http.envelope import Reply
from sent_server.http.route import Call, Route


def routes() -> Sequence[Route]:
    return [route.get("/v3/me", get_account)]


async def get_account(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.me(await service.show(tx, call.caller.customer_id), call.caller.role))
