"""Audit log: who changed what, when?"""

from collections.abc import Sequence

from starlette.responses import Response

from sent_server.dashboard import audit, lists, words
from sent_server.dashboard.audit import AuditRow
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.kernel.values import value_object


@value_object
class View:
    entries: Sequence[AuditRow]
    said: str
    older: str
    newer: str


async def show(visit: Visit) -> Response:
    return visit.answer("audit_log", await visit.read(lambda tx: _view(tx, visit)))


async def _view(tx: Tx, visit: Visit) -> View:
    page = lists.page_of(visit)
    found = await audit.read(tx, visit.place.customer_id, page)
    shown, older, newer = lists.cut(visit, page, found, at="/audit", key=lambda entry: entry.id)
    return View(shown, f"Times in {words.zone_name(visit.zone)}", older, newer)
