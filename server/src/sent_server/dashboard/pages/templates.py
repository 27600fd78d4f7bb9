"""Templates: what may I send, and why is one not approved?"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from sent_server.dashboard import lists
from sent_server.dashboard.errors import FormProblems, problems_of
from sent_server.dashboard.lists import Listed
from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.kernel.values import value_object

FIELDS = frozenset({"name", "category", "language", "body", "footer"})
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


@value_object
class ListView:
    list: Listed
    search: str
    status: str


@value_object
class NewView:
    typed: Mapping[str, str]
    problems: FormProblems


@value_object
class View:
    template: Mapping[str, Any]
    problem: str


async def show_all(visit: Visit) -> Response:
    search, status = visit.query.get("search", "").strip(), visit.query.get("status", "")
    found = await lists.read(
        visit, "/v3/templates", "templates", "template", at="/templates", search=search or None, status=status or None
    )
    return visit.answer("templates", ListView(found, search, status))


async def show_new(visit: Visit) -> Response:
    return visit.answer("template_new", NewView({}, FormProblems()))


async def create(visit: Visit) -> Response:
    """The flat form of the API: one text for all channels. Names in double braces become its variables."""
    typed, text = visit.form, visit.form.get("body", "")
    names = dict.fromkeys(name.strip() for name in _VARIABLE.findall(text))
    body: dict[str, Any] = {
        "name": typed.get("name", ""),
        "category": typed.get("category", ""),
        "language": typed.get("language", ""),
        "body": {"content": text, "variables": [{"name": name, "type": "text", "example": name} for name in names]},
        "submit_for_review": typed.get("submit") == "review",
    }
    if typed.get("footer", "").strip():
        body["footer"] = {"content": typed["footer"]}
    try:
        made = await visit.change("POST", "/v3/templates", body)
    except ApiError as error:
        return visit.answer("template_new", NewView(typed, problems_of(error, FIELDS)), status=422)
    return visit.see_other(f"/templates/{made['id']}")


async def show(visit: Visit) -> Response:
    return await _one(visit)


async def submit(visit: Visit) -> Response:
    return await _change(visit, {"submit_for_review": True})


async def rename(visit: Visit) -> Response:
    return await _change(visit, {"name": visit.form.get("name", "")})


async def delete(visit: Visit) -> Response:
    try:
        await visit.change("DELETE", f"/v3/templates/{visit.params['id']}", {})
    except ApiError as error:
        return await _one(visit, problem=_sentence(error))
    return visit.see_other("/templates")


async def _change(visit: Visit, body: Mapping[str, Any]) -> Response:
    try:
        await visit.change("PUT", f"/v3/templates/{visit.params['id']}", body)
    except ApiError as error:
        return await _one(visit, problem=_sentence(error))
    return visit.see_other(f"/templates/{visit.params['id']}")


async def _one(visit: Visit, *, problem: str = "") -> Response:
    found = await visit.get(f"/v3/templates/{visit.params['id']}")
    return visit.answer("template", View(found, problem), status=422 if problem else 200)


def _sentence(error: ApiError) -> str:
    return next((texts[0] for texts in (error.details or {}).values()), error.message)
