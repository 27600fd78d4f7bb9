"""Playground: what will they see, on which channel, for how much? And send it."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.values import value_object

MAX_LISTED = "100"


@value_object
class View:
    """`result` is the answer to a send or a check, `command` the same call for a program."""

    templates: Sequence[Mapping[str, Any]]
    chosen: Mapping[str, Any] | None
    typed: Mapping[str, str]
    values: Mapping[str, str]
    channels: Sequence[str]
    problems: Sequence[str]
    result: Mapping[str, Any] | None
    was_check: bool


async def show(visit: Visit) -> Response:
    return await _view(visit)


async def send(visit: Visit) -> Response:
    """`check` validates, routes and prices without sending (`sandbox` of the API)."""
    is_check = visit.form.get("action") == "check"
    try:
        result = await visit.change("POST", "/v3/messages", {**_body(visit), "sandbox": is_check})
    except ApiError as error:
        texts = [f"{name}: {text}" for name, found in (error.details or {}).items() for text in found]
        return await _view(visit, problems=texts or [error.message])
    return await _view(visit, result=result, was_check=is_check)


def _body(visit: Visit) -> dict[str, Any]:
    form = visit.form
    recipients = [word for line in form.get("to", "").splitlines() for word in line.split(",") if word.strip()]
    body: dict[str, Any] = {"to": [_number(word) for word in recipients]}
    if form.get("text", "").strip():
        body["text"] = form["text"]
    else:
        values = {name.removeprefix("value-"): value for name, value in form.items() if name.startswith("value-")}
        body["template"] = {"id": form.get("template", ""), "parameters": values}
    if form.get("channel") in CHANNELS:
        body["channel"] = [form["channel"]]
    return body


def _number(typed: str) -> str:
    """Without the blanks and brackets that people write. The API judges the rest."""
    return "".join(character for character in typed if character not in " ()-.\u00a0\t")


async def _view(
    visit: Visit,
    *,
    problems: Sequence[str] = (),
    result: Mapping[str, Any] | None = None,
    was_check: bool = False,
) -> Response:
    listed = await visit.get("/v3/templates", page_size=MAX_LISTED, status="APPROVED")
    templates: list[Mapping[str, Any]] = listed["templates"]
    wanted = visit.form.get("template") or visit.query.get("template", "")
    chosen = next((one for one in templates if one["id"] == wanted), templates[0] if templates else None)
    values = {
        name: visit.form.get(f"value-{name}", visit.query.get(f"value-{name}", ""))
        for name in (chosen["variables"] if chosen else ())
    }
    view = View(templates, chosen, visit.form, values, CHANNELS, problems, result, was_check)
    return visit.answer("playground", view, status=422 if problems else 200)
