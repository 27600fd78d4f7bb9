"""The five template routes."""

from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.http import query, route
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.kernel import paging
from sent_server.templates import copies, service, wire
from sent_server.templates.derive import CATEGORIES
from sent_server.templates.model import STATUSES, Filter
from sent_server.templates.service import TemplateDraft
from sent_server.templates.wire import CreateTemplate, DeleteTemplate, UpdateTemplate

BAD_ID = ("VALIDATION_001", "Invalid template ID format.")
FILTERS = ("search", "status", "category", "is_welcome_playground")


def routes(*, quota: int) -> Sequence[Route]:
    async def create(tx: Tx, call: Call, body: CreateTemplate) -> Reply:
        profiles = await copies.profiles_for(tx, call.caller) if body.auto_create_for_sp else None
        made = await service.create(
            tx,
            call.caller.customer_id,
            TemplateDraft(body.name, body.category, body.language, body.definition),
            quota=call.caller.quota("templates", quota),
            now_ms=call.now_ms,
            submit=bool(body.submit_for_review),
            creation_source=body.creation_source,
            profiles=profiles,
        )
        return Reply(201, wire.template(made, call.caller.customer_id))

    one = "/v3/templates/{id}"
    return [
        route.get("/v3/templates", list_templates, heavy_when=FILTERS),
        route.mutate("POST", "/v3/templates", create, body=CreateTemplate),
        route.get(one, get, bad_id=BAD_ID),
        route.mutate("PUT", one, update, body=UpdateTemplate, bad_id=BAD_ID),
        route.mutate("DELETE", one, delete, body=DeleteTemplate, bad_id=BAD_ID),
    ]


async def list_templates(tx: Tx, call: Call) -> Reply:
    page = query.page(call.query)
    wanted = Filter(
        text=query.search(call.query),
        status=query.choice(call.query, "status", STATUSES, any_case=True),
        category=query.choice(call.query, "category", CATEGORIES, any_case=True),
        is_welcome_playground=query.flag(call.query, "is_welcome_playground"),
    )
    pattern = query.like(wanted.text or "")
    caller = call.caller
    found, total = await service.list_page(
        tx, caller.customer_id, page, filter=wanted, pattern=pattern, owners=caller.sharing.templates
    )
    rows, position = paging.cut(page, found, total_count=total, key=lambda template: template.id)
    return Reply(200, {"templates": [wire.template(one, caller.customer_id) for one in rows], "pagination": position})


async def get(tx: Tx, call: Call) -> Reply:
    caller = call.caller
    found = await service.get(tx, caller.customer_id, call.path["id"], caller.sharing.templates)
    return Reply(200, wire.template_with_definition(*found, caller.customer_id))


async def update(tx: Tx, call: Call, body: UpdateTemplate) -> Reply:
    changed = await service.update(
        tx,
        call.caller.customer_id,
        call.path["id"],
        TemplateDraft(body.name, body.category, body.language, body.definition, body.parts),
        owners=call.caller.sharing.templates,
        submit=bool(body.submit_for_review),
        now_ms=call.now_ms,
    )
    return Reply(200, wire.template(changed, call.caller.customer_id))


async def delete(tx: Tx, call: Call, _: DeleteTemplate) -> Reply:
    await service.delete(tx, call.caller.customer_id, call.path["id"], call.caller.sharing.templates)
    return Reply(204)
