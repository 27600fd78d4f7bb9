"""The routes of conversations. A conversation is all messages with one contact, and has the contact's id."""

from collections.abc import Sequence

from sent_server.contacts import service as contacts
from sent_server.conversations import summary, wire
from sent_server.db import Tx
from sent_server.http import query, route
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.messages import log, log_api
from sent_server.messages.log_filter import MessageFilter

BAD_ID = ("VALIDATION_001", "Invalid conversation ID format.")
BAD_CONTACT_ID = ("VALIDATION_001", "Invalid contact ID format.")


def routes() -> Sequence[Route]:
    return [
        route.get("/v3/conversations", list_all),
        route.get("/v3/conversations/{id}", list_one, bad_id=BAD_ID),
        route.get("/v3/contacts/{contactId}/message-summary", summarize, heavy=True, bad_id=BAD_CONTACT_ID),
    ]


async def list_all(tx: Tx, call: Call) -> Reply:
    page = query.page(call.query, keeps_total=True)
    return log_api.reply(await log.read(tx, call.caller.customer_id, page))


async def list_one(tx: Tx, call: Call) -> Reply:
    caller, contact_id, page = call.caller, call.path["id"], query.page(call.query, keeps_total=True)
    found = await log.read(tx, caller.customer_id, page, MessageFilter(contact_ids=(contact_id,)))
    if not found.rows and not await log.has_any(tx, caller.customer_id, contact_id):
        # Messages outlive their contact, and so does the conversation. One without messages needs the contact.
        await contacts.get(tx, caller.customer_id, contact_id, caller.sharing)
    return log_api.reply(found)


async def summarize(tx: Tx, call: Call) -> Reply:
    contact_id = call.path["contactId"]
    await contacts.get(tx, call.caller.customer_id, contact_id, call.caller.sharing)
    totals = await log.totals_of(tx, call.caller.customer_id, contact_id)
    return Reply(200, wire.summary(contact_id, summary.of(totals)))
