"""Activities: what happened to everybody's messages?"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from sent_server.dashboard import words
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http import query
from sent_server.kernel import ids
from sent_server.kernel.values import value_object
from sent_server.messages import log, log_filter
from sent_server.messages.model import Batch, Message, load_contents
from sent_server.messages.statuses import BLOCKED, FAILED, FILTERED, RECEIVED

SIZE = 50
# A filter reads at most this many rows for a page, so that it takes as long with a million messages.
MOST = 2_500
HIDDEN_CODE = "A one-time code"
VIEWS: Sequence[tuple[str, str, str]] = (
    ("all", "All", ""),
    ("attention", "Needs attention", f"{FAILED},{FILTERED},{BLOCKED}"),
    ("inbound", "Inbound", RECEIVED),
)
STATUSES = (
    "QUEUED",
    "SCHEDULED",
    "SENT",
    "DELIVERED",
    "READ",
    "FAILED",
    "FILTERED",
    "BLOCKED",
    "CANCELLED",
    "RECEIVED",
)


@value_object
class Row:
    """One message. `text` is the beginning of what was sent, `why` the reason of a failure."""

    id: str
    status: str
    phone: str
    region_code: str
    template: str
    text: str
    why: str
    channel: str | None
    price: str
    at_ms: int


@value_object
class View:
    rows: Sequence[Row]
    tab: str
    typed: str
    status: str
    channel: str
    problem: str
    older: str
    newer: str
    total: str
    live: str


async def show(visit: Visit) -> Response:
    """A message id in the search opens the message; a number in any spelling finds its messages."""
    typed = visit.query.get("q", "").strip()
    if (message_id := ids.parse_uuid(typed)) is not None:
        return visit.see_other(f"/activities/{message_id}")
    try:
        view = await visit.read(lambda tx: _view(tx, visit, typed))
    except ApiError as error:
        problem = next((texts[0] for texts in (error.details or {}).values()), error.message)
        return visit.answer("activities", _shown(visit, typed, [], {}, problem=problem), status=422)
    return visit.answer("activities", view)


async def _view(tx: Tx, visit: Visit, typed: str) -> View:
    wanted = {name: visit.query.get(name, "") for name in ("status", "channel")}
    tab = _tab(visit)
    wanted["status"] = wanted["status"] or next(statuses for name, _, statuses in VIEWS if name == tab)
    chosen = await log.of_person(tx, visit.caller, log_filter.parse({**wanted, "phone": typed}))
    page = query.page({**_cursor(visit), "page_size": str(SIZE)})
    found = await log.read(tx, visit.place.customer_id, page, chosen, limit=MOST)
    return _shown(visit, typed, [_row(*one) for one in found.rows], found.pagination)


def _shown(visit: Visit, typed: str, rows: Sequence[Row], pagination: Mapping[str, Any], *, problem: str = "") -> View:
    cursors: Mapping[str, str | None] = pagination.get("cursors") or {}
    kept = {name: visit.query.get(name) for name in ("q", "status", "channel", "view")}
    older, newer = cursors.get("after"), cursors.get("before")
    total = pagination.get("total_count")
    return View(
        rows=rows,
        tab=_tab(visit),
        typed=typed,
        status=visit.query.get("status", ""),
        channel=visit.query.get("channel", ""),
        problem=problem,
        older=visit.link("/activities", **kept, after=older) if older else "",
        newer=visit.link("/activities", **kept, before=newer) if newer else "",
        total="" if total is None else words.count(total) + (" or more" if older and total >= MOST else ""),
        live=visit.link("/activities", **kept, part="rows") if not _cursor(visit) else "",
    )


def _tab(visit: Visit) -> str:
    wanted = visit.query.get("view", "")
    return wanted if wanted in {name for name, _, _ in VIEWS} else VIEWS[0][0]


def _cursor(visit: Visit) -> dict[str, str]:
    return {name: visit.query[name] for name in ("after", "before") if visit.query.get(name)}


def _row(message: Message, batch: Batch) -> Row:
    contents = load_contents(batch.contents_json)
    content = contents.get(message.channel or "") or next(iter(contents.values()), None)
    text = " ".join(content.content.split())[:160] if content else ""
    is_code = batch.template_category == "AUTHENTICATION"
    return Row(
        id=message.id,
        status=message.status,
        phone=words.number(message.phone),
        region_code=message.region_code,
        template=batch.template_name or "",
        # A one-time code in a list could be read over a shoulder. The page of the message shows it.
        text=HIDDEN_CODE if is_code else text,
        why=message.reason or "",
        channel=message.channel,
        price=words.price(message.price_micros),
        at_ms=message.created_at_ms,
    )
