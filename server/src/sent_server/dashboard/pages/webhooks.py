"""Webhooks: was my system notified?"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from sent_server.dashboard import lists
from sent_server.dashboard.errors import FormProblems, problems_of
from sent_server.dashboard.lists import Listed
from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.kernel.values import value_object

FIELDS = frozenset({"display_name", "endpoint_url", "event_types", "retry_count", "timeout_seconds"})
TESTED = "message.delivered"


@value_object
class ListView:
    list: Listed
    typed: Mapping[str, str]
    problems: FormProblems
    event_types: Sequence[Mapping[str, Any]]


@value_object
class View:
    """`secret` is shown once, right after it was made."""

    webhook: Mapping[str, Any]
    list: Listed
    secret: str
    problem: str
    done: str


async def show_all(visit: Visit) -> Response:
    return await _all(visit)


async def _all(visit: Visit, problems: FormProblems | None = None) -> Response:
    found = await lists.read(visit, "/v3/webhooks", "webhooks", "webhook", at="/webhooks")
    types = (await visit.get("/v3/webhooks/event-types"))["event_types"]
    view = ListView(found, visit.form, problems or FormProblems(), types)
    return visit.answer("webhooks", view, status=422 if problems else 200)


async def create(visit: Visit) -> Response:
    names = visit.form.get("event_types", "").replace(",", " ").split()
    body = {
        "display_name": visit.form.get("display_name", ""),
        "endpoint_url": visit.form.get("endpoint_url", ""),
        "event_types": names,
    }
    try:
        made = await visit.change("POST", "/v3/webhooks", body)
    except ApiError as error:
        return await _all(visit, problems_of(error, FIELDS))
    return await _one(visit, made["id"], secret=made["signing_secret"])


async def show(visit: Visit) -> Response:
    return await _one(visit, visit.params["id"], done=visit.query.get("done", ""))


async def _one(visit: Visit, webhook_id: str, *, secret: str = "", problem: str = "", done: str = "") -> Response:
    path = f"/v3/webhooks/{webhook_id}"
    webhook = await visit.get(path)
    try:
        search = visit.query.get("search")
        found = await lists.read(
            visit, f"{path}/events", "events", "delivery", at=f"/webhooks/{webhook_id}", search=search
        )
    except ApiError as error:
        found, problem = lists.NOTHING, error.message
    return visit.answer("webhook", View(webhook, found, secret, problem, done), status=422 if problem else 200)


async def test(visit: Visit) -> Response:
    """Sends an event with sample data at once, and says what the receiver answered. It is not in the log."""
    webhook_id = visit.params["id"]
    try:
        result = await visit.change("POST", f"/v3/webhooks/{webhook_id}/test", {"event_type": TESTED})
    except ApiError as error:
        if error.status == 404:
            raise
        return await _one(visit, webhook_id, problem=error.message)
    if not result.get("success"):
        return await _one(visit, webhook_id, problem=str(result.get("message") or result.get("error") or "It failed"))
    return visit.see_other(f"/webhooks/{webhook_id}", done="test")


async def toggle(visit: Visit) -> Response:
    is_active = visit.form.get("is_active") == "true"
    return await _change(visit, "PATCH", "/toggle-status", {"is_active": is_active}, done="saved")


async def replay(visit: Visit) -> Response:
    """One delivery by its id, or all failed ones."""
    event_id = visit.form.get("event_id", "")
    body = {"event_id": event_id} if event_id else {"delivery_status": "failed"}
    return await _change(visit, "POST", "/replay", body, done="replay")


async def rotate(visit: Visit) -> Response:
    webhook_id = visit.params["id"]
    made = await visit.change("POST", f"/v3/webhooks/{webhook_id}/rotate-secret", {})
    return await _one(visit, webhook_id, secret=made["signing_secret"])


async def delete(visit: Visit) -> Response:
    await visit.change("DELETE", f"/v3/webhooks/{visit.params['id']}", {})
    return visit.see_other("/webhooks")


async def _change(visit: Visit, method: str, path: str, body: Mapping[str, Any], *, done: str) -> Response:
    webhook_id = visit.params["id"]
    try:
        await visit.change(method, f"/v3/webhooks/{webhook_id}{path}", body)
    except ApiError as error:
        if error.status == 404:
            raise
        return await _one(visit, webhook_id, problem=error.message)
    return visit.see_other(f"/webhooks/{webhook_id}", done=done)
