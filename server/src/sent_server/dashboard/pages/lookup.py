"""Number lookup: is this number real, and what does it take?"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.kernel.values import value_object


@value_object
class View:
    typed: str
    found: Mapping[str, Any] | None
    problem: str


async def show(visit: Visit) -> Response:
    typed = visit.query.get("number", "").strip()[:60]
    if not typed:
        return visit.answer("lookup", View("", None, ""))
    try:
        found = await visit.get(f"/v3/numbers/lookup/{quote(typed, safe='+')}")
    except ApiError as error:
        problem = next((texts[0] for texts in (error.details or {}).values()), error.message)
        return visit.answer("lookup", View(typed, None, problem), status=422)
    return visit.answer("lookup", View(typed, found, ""))
