"""The message routes."""

from collections.abc import Sequence

from sent_server import events
from sent_server.db import Tx
from sent_server.egress import UrlRules
from sent_server.errors import ApiError
from sent_server.http import route
from sent_server.http.fields import Mutation
from sent_server.http.limits import LimitClass
from sent_server.http.reply import Reply
from sent_server.http.route import BatchCommand, Call, Route
from sent_server.messages import cancel, release, resend, store, wire
from sent_server.messages.accept import AcceptMessages
from sent_server.messages.model import Batch, Message, MessageEvent, SendCommand
from sent_server.messages.rounds import StartRounds
from sent_server.messages.wire import SendMessage

BAD_ID = ("VALIDATION_001", "Invalid message ID format.")


def routes(desk: AcceptMessages, rounds: StartRounds, urls: UrlRules) -> Sequence[Route]:
    def to_command(call: Call, body: SendMessage) -> SendCommand:
        return _command(call, body, urls)

    async def cancel_message(tx: Tx, call: Call, body: Mutation) -> Reply:
        if await cancel.cancel(tx, call.caller.customer_id, call.path["id"], now_ms=call.now_ms):
            tx.after_commit(lambda: desk.bus.hint(events.TOPIC))
        return await get(tx, call)

    async def send_again(tx: Tx, call: Call, body: Mutation) -> Reply:
        reply, started = await resend.send_again(
            tx, rounds, call.caller.customer_id, call.path["id"], now_ms=call.now_ms
        )
        tx.after_commit(lambda: release.hint(desk.bus, started))
        return reply

    send = BatchCommand(SendMessage, to_command, desk.accept_many)
    return [
        route.mutate_many("POST", "/v3/messages", send, limit=LimitClass.MESSAGES),
        route.mutate("POST", "/v3/messages/{id}/cancel", cancel_message, body=Mutation, bad_id=BAD_ID),
        route.mutate(
            "POST", "/v3/messages/{id}/resend", send_again, body=Mutation, bad_id=BAD_ID, limit=LimitClass.MESSAGES
        ),
        route.get("/v3/messages/{id}", get, bad_id=BAD_ID),
        route.get("/v3/messages/{id}/activities", list_activities, bad_id=BAD_ID),
    ]


async def get(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.message(*await _find(tx, call)))


async def list_activities(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.activities(*await _find(tx, call)))


async def _find(tx: Tx, call: Call) -> tuple[Message, Batch, Sequence[MessageEvent]]:
    """Raises RESOURCE_003."""
    customer_id = call.caller.customer_id
    found = await store.find(tx, customer_id, call.path["id"])
    batch = await store.find_batch(tx, customer_id, found.batch_id) if found else None
    if found is None or batch is None:
        raise ApiError("RESOURCE_003")
    return found, batch, await store.events(tx, customer_id, found.id)


def _command(call: Call, body: SendMessage, urls: UrlRules) -> SendCommand:
    """Raises VALIDATION_001 if the callback address is not allowed."""
    callback_url = urls.settle("callback_url", body.callback_url) if body.callback_url else None
    webhook_url = urls.settle("webhook_url", body.webhook_url) if body.webhook_url else None
    return SendCommand(
        caller=call.caller,
        recipients=body.recipients,
        request=body.request,
        callback_url=callback_url or webhook_url,
        request_id=call.request_id,
        now_ms=call.now_ms,
    )
