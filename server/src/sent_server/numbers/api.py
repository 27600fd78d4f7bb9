"""GET /v3/numbers/lookup/{phoneNumber}, and its retired path."""

from sent_server.http import route
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.numbers import wire
from sent_server.numbers.service import Numbers


def routes(numbers: Numbers) -> list[Route]:
    async def look_up(call: Call) -> Reply:
        found = await numbers.find(wire.number(call.path["phoneNumber"]))
        return Reply(200, wire.details(found))

    async def look_up_as_before(call: Call) -> Reply:
        found = await numbers.find(wire.number(call.path["phone"]))
        return Reply(200, wire.both_spellings(found))

    plain = frozenset({"phoneNumber", "phone"})
    return [
        route.external_query("/v3/numbers/lookup/{phoneNumber}", look_up, plain_params=plain, catch_all=True),
        route.external_query("/v3/lookup/number/{phone}", look_up_as_before, plain_params=plain, catch_all=True),
    ]
