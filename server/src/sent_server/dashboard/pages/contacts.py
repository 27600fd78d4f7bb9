"""Contacts: can I reach this person, and may I?"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from sent_server.dashboard import lists
from sent_server.dashboard.lists import Listed
from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.kernel.values import value_object


@value_object
class ListView:
    list: Listed
    search: str
    typed: str
    problem: str


@value_object
class View:
    contact: Mapping[str, Any]
    problem: str
    done: str


async def show_all(visit: Visit) -> Response:
    return await _all(visit)


async def _all(visit: Visit, *, typed: str = "", problem: str = "") -> Response:
    search = visit.query.get("search", "").strip()
    found = await lists.read(visit, "/v3/contacts", "contacts", "contact", at="/contacts", search=search or None)
    return visit.answer("contacts", ListView(found, search, typed, problem), status=422 if problem else 200)


async def create(visit: Visit) -> Response:
    typed = visit.form.get("phone_number", "").strip()
    try:
        made = await visit.change("POST", "/v3/contacts", {"phone_number": typed})
    except ApiError as error:
        return await _all(visit, typed=typed, problem=_sentence(error))
    return visit.see_other(f"/contacts/{made['id']}")


async def show(visit: Visit) -> Response:
    return await _one(visit, done=visit.query.get("done", ""))


async def _one(visit: Visit, *, problem: str = "", done: str = "") -> Response:
    contact = await visit.get(f"/v3/contacts/{visit.params['id']}")
    return visit.answer("contact", View(contact, problem, done), status=422 if problem else 200)


async def change(visit: Visit) -> Response:
    """Consent, or the default channel: what the form has."""
    body: dict[str, Any] = {}
    if "opt_out" in visit.form:
        body["opt_out"] = visit.form["opt_out"] == "true"
    if visit.form.get("default_channel"):
        body["default_channel"] = visit.form["default_channel"]
    try:
        await visit.change("PATCH", f"/v3/contacts/{visit.params['id']}", body)
    except ApiError as error:
        if error.status == 404:
            raise
        return await _one(visit, problem=_sentence(error))
    return visit.see_other(f"/contacts/{visit.params['id']}", done="saved")


async def delete(visit: Visit) -> Response:
    await visit.change("DELETE", f"/v3/contacts/{visit.params['id']}", {})
    return visit.see_other("/contacts")


def _sentence(error: ApiError) -> str:
    return next((texts[0] for texts in (error.details or {}).values()), error.message)
