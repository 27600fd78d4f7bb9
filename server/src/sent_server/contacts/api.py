"""The five contact routes."""

from collections.abc import Sequence

from sent_server.contacts import service, wire
from sent_server.contacts.wire import CreateContact, UpdateContact
from sent_server.db import Tx
from sent_server.http import query, route
from sent_server.http.caller import Caller
from sent_server.http.fields import Mutation
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.kernel import paging, phone
from sent_server.kernel.channels import BASE_CHANNELS
from sent_server.ports.reach import Reach

BAD_ID = ("VALIDATION_001", "Invalid contact ID format.")
SHORTEST_WHOLE_NUMBER = 7


def routes(*, reach: Reach, quota: int) -> Sequence[Route]:
    async def create(tx: Tx, call: Call, body: CreateContact) -> Reply:
        made = await service.create(
            tx,
            call.caller.customer_id,
            body.phone_number,
            reach=reach,
            scope=call.caller.sharing,
            quota=call.caller.quota("contacts", quota),
            now_ms=call.now_ms,
        )
        return Reply(201, wire.contact(made, viewer_id=call.caller.customer_id))

    async def update(tx: Tx, call: Call, body: UpdateContact) -> Reply:
        changed = await service.update(
            tx,
            call.caller.customer_id,
            call.path["id"],
            default_channel=body.default_channel,
            opt_out=body.opt_out,
            number=body.phone_number,
            reach=reach,
            scope=call.caller.sharing,
            now_ms=call.now_ms,
        )
        return Reply(200, wire.contact(changed, viewer_id=call.caller.customer_id))

    return [
        route.get("/v3/contacts", list_contacts, heavy_when=("search", "channel")),
        route.mutate("POST", "/v3/contacts", create, body=CreateContact),
        route.get("/v3/contacts/{id}", get, bad_id=("VALIDATION_003", "Invalid ID format.")),
        route.mutate("PATCH", "/v3/contacts/{id}", update, body=UpdateContact, bad_id=BAD_ID),
        route.mutate("DELETE", "/v3/contacts/{id}", delete, body=Mutation, bad_id=BAD_ID),
    ]


async def list_contacts(tx: Tx, call: Call) -> Reply:
    caller, page = call.caller, query.page(call.query)
    channel = query.choice(call.query, "channel", BASE_CHANNELS)
    if number := call.query.get("phone"):
        found = [await service.get_by_phone(tx, caller.customer_id, _exact(number), caller.sharing)]
        return _page(caller, page, found, 1)
    text = query.search(call.query)
    digits = None if text is None else _digits(text)
    if digits == "":
        return _page(caller, page, [], 0)
    found, total = await service.list_page(
        tx, caller.customer_id, page, digits=digits, channel=channel, scope=caller.sharing
    )
    return _page(caller, page, found, total)


async def get(tx: Tx, call: Call) -> Reply:
    found = await service.get(tx, call.caller.customer_id, call.path["id"], call.caller.sharing)
    return Reply(200, wire.contact(found, viewer_id=call.caller.customer_id))


async def delete(tx: Tx, call: Call, _: Mutation) -> Reply:
    await service.delete(tx, call.caller.customer_id, call.path["id"], call.caller.sharing)
    return Reply(204)


def _digits(text: str) -> str:
    """The digits to search for anywhere in a number. Empty for words, because a contact only has a number.

    A complete national number may begin with a zero, which E.164 omits.
    """
    if any(character.isalpha() for character in text):
        return ""
    digits = phone.digits_of(text)
    return digits.lstrip("0") if len(digits) >= SHORTEST_WHOLE_NUMBER else digits


def _exact(number: str) -> str:
    """The number in the filter. A client that does not escape the plus sends a blank instead."""
    number = number.strip()
    return number if number.startswith("+") else f"+{number}"


def _page(caller: Caller, page: paging.Page, found: Sequence[service.Contact], total_count: int) -> Reply:
    shown, position = paging.cut(page, found, total_count=total_count, key=lambda contact: contact.id)
    rows = [wire.contact(contact, viewer_id=caller.customer_id) for contact in shown]
    return Reply(200, {"contacts": rows, "pagination": position})
