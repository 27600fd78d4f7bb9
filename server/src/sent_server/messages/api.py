"""The message routes."""

from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.egress import UrlRules
from sent_server.errors import ApiError
from sent_server.http import batched, route
from sent_server.http.envelope import Reply
from sent_server.http.idempotency import Claim, Idempotency
from sent_server.http.limits import LimitClass
from sent_server.http.route import Access, Call, Route
from sent_server.messages import store, wire
from sent_server.messages.accept import AcceptMessages
from sent_server.messages.model import SendCommand
from sent_server.messages.wire import SendMessage

BAD_ID = ("VALIDATION_001", "Invalid message ID format.")


def routes(desk: AcceptMessages, idempotency: Idempotency, urls: UrlRules, *, doc_url_base: str) -> Sequence[Route]:
    async def send(tx: Tx, call: Call, body: SendMessage) -> Reply:
        return await desk.accept_one(tx, _command(call, body, urls, None))

    def to_command(call: Call, body: SendMessage, claim: Claim | None) -> tuple[SendCommand, int]:
        command = _command(call, body, urls, claim)
        return command, command.weight

    return [
        Route(
            "POST",
            "/v3/messages",
            access=Access.DEVELOP,
            limit=LimitClass.MESSAGES,
            body=SendMessage,
            command=send,
            batch=batched.once_each(desk.accept_many, idempotency, doc_url_base=doc_url_base),
            to_command=to_command,
        ),
        route.get("/v3/messages/{id}", get, bad_id=BAD_ID),
        route.get("/v3/messages/{id}/activities", list_activities, bad_id=BAD_ID),
    ]


async def get(tx: Tx, call: Call) -> Reply:
    customer_id = call.caller.customer_id
    found = await store.find(tx, customer_id, call.path["id"])
    batch = await store.find_batch(tx, customer_id, found.batch_id) if found else None
    if found is None or batch is None:
        raise ApiError("RESOURCE_003")
    return Reply(200, wire.message(found, batch, await store.events(tx, customer_id, found.id)))


async def list_activities(tx: Tx, call: Call) -> Reply:
    customer_id, message_id = call.caller.customer_id, call.path["id"]
    events = await store.events(tx, customer_id, message_id)
    if not events:
        raise ApiError("RESOURCE_003")
    return Reply(200, wire.activities(message_id, events))


def _command(call: Call, body: SendMessage, urls: UrlRules, claim: Claim | None) -> SendCommand:
    """Raises VALIDATION_001 for an address that may not be called."""
    callback_url = urls.settle("callback_url", body.callback_url) if body.callback_url else None
    webhook_url = urls.settle("webhook_url", body.webhook_url) if body.webhook_url else None
    template = body.template
    template_id = (template.id if template else None) or body.template_id
    return SendCommand(
        caller=call.caller,
        recipients=body.recipients,
        template_id=template_id,
        template_name=None if template_id or template is None else template.name,
        parameters=body.parameters,
        channels=body.chosen_channels,
        callback_url=callback_url or webhook_url,
        request_id=call.request_id,
        now_ms=call.now_ms,
        claim=claim,
    )
