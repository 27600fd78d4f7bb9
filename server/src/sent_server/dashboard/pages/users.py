"""Users: who may do what here?"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from sent_server.dashboard.errors import FormProblems, problems_of
from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.kernel.values import value_object

FIELDS = frozenset({"email", "name", "role"})


@value_object
class View:
    users: Sequence[Mapping[str, Any]]
    typed: Mapping[str, str]
    problems: FormProblems
    problem: str
    invited: str


async def show(visit: Visit) -> Response:
    return await _view(visit)


async def invite(visit: Visit) -> Response:
    body = {name: visit.form.get(name, "") for name in FIELDS}
    try:
        await visit.change("POST", "/v3/users", body)
    except ApiError as error:
        return await _view(visit, problems=problems_of(error, FIELDS))
    return visit.see_other("/users", invited=body["email"])


async def change(visit: Visit) -> Response:
    role = visit.form.get("role", "")
    return await _change(visit, "PATCH", {"role": role})


async def remove(visit: Visit) -> Response:
    return await _change(visit, "DELETE", {})


async def _change(visit: Visit, method: str, body: Mapping[str, Any]) -> Response:
    try:
        await visit.change(method, f"/v3/users/{visit.params['id']}", body)
    except ApiError as error:
        if error.status == 404:
            raise
        return await _view(visit, problem=next((t[0] for t in (error.details or {}).values()), error.message))
    visit.parts.forget_callers()
    return visit.see_other("/users")


async def _view(visit: Visit, *, problems: FormProblems | None = None, problem: str = "") -> Response:
    users = (await visit.get("/v3/users"))["users"]
    typed: Mapping[str, str] = visit.form if problems else {}
    view = View(users, typed, problems or FormProblems(), problem, visit.query.get("invited", "")[:254])
    return visit.answer("users", view, status=422 if problems or problem else 200)
