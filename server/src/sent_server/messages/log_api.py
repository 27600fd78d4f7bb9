"""The list of an account's messages."""

from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.http import query, route
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.messages import log, log_filter, wire
from sent_server.messages.log import MessagePage


def routes() -> Sequence[Route]:
    return [route.get("/v3/messages", list_messages, heavy_when=log_filter.SEARCHING)]


async def list_messages(tx: Tx, call: Call) -> Reply:
    page, chosen = query.page(call.query, keeps_total=True), log_filter.parse(call.query)
    chosen = await log.of_person(tx, call.caller, chosen)
    return reply(await log.read(tx, call.caller.customer_id, page, chosen))


def reply(found: MessagePage) -> Reply:
    rows = [wire.message(message, batch, None) for message, batch in found.rows]
    return Reply(200, {"messages": rows, "pagination": found.pagination})
