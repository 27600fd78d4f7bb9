"""GET /v3/me: the account behind the key."""

from collections.abc import Mapping, Sequence

from sent_server.accounts import service, wire
from sent_server.accounts.model import QUOTAS, OperatorError
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http import route
from sent_server.http.limits import LimitClass, limit_for
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route


def routes(*, quotas: Mapping[str, int]) -> Sequence[Route]:
    """`quotas` are those of the settings, by name."""

    async def get_account(tx: Tx, call: Call) -> Reply:
        try:
            overview = await service.show(tx, call.caller.customer_id)
        except OperatorError:  # deleted since its key was looked up
            raise ApiError("AUTH_002") from None
        limits = wire.limits(
            overview,
            requests_per_minute=limit_for(call.caller, LimitClass.STANDARD).per_minute,
            messages_per_minute=limit_for(call.caller, LimitClass.MESSAGES).per_minute,
            quotas={**dict.fromkeys(QUOTAS), **quotas, **overview.quotas},
        )
        return Reply(200, wire.me(overview, call.caller.role, limits))

    return [route.get("/v3/me", get_account)]
