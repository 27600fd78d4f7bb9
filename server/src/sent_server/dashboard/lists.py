"""Pages of lists from the API: the query that asks for one, and the links to its neighbors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sent_server.dashboard import words
from sent_server.dashboard.visit import Visit
from sent_server.http import query
from sent_server.kernel import paging, plurals
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object

SIZE = "50"
Row = TypeVar("Row")


@value_object
class Listed:
    """The rows of a page as the API returns them. `older` and `newer` are addresses, empty at the ends."""

    rows: Sequence[Mapping[str, Any]]
    said: str
    older: str
    newer: str


async def read(visit: Visit, path: str, key: str, noun: str, *, at: str, **filters: str | None) -> Listed:
    """A page of the list at `path` of the API, whose rows are under `key`. `at` is the page of the dashboard.

    Raises ApiError for filters that the API refuses.
    """
    cursor = {name: visit.query.get(name) for name in ("after", "before")}
    data: Mapping[str, Any] = await visit.get(path, page_size=SIZE, **cursor, **filters)
    pagination: Mapping[str, Any] = data.get("pagination") or {}
    cursors: Mapping[str, str | None] = pagination.get("cursors") or {}
    total: int = pagination.get("total_count") or len(data[key])
    older, newer = cursors.get("after"), cursors.get("before")
    return Listed(
        rows=data[key],
        said=f"{plurals.counted(total, noun)}, times in {words.zone_name(visit.zone)}",
        older=visit.link(at, after=older, **filters) if older and pagination.get("has_more", True) else "",
        newer=visit.link(at, before=newer, **filters) if newer and (cursor["after"] or cursor["before"]) else "",
    )


def page_of(visit: Visit) -> Page:
    """The page that the address asks for. Raises ApiError for a cursor that is not one of ours."""
    cursor = {name: visit.query[name] for name in ("after", "before") if visit.query.get(name)}
    return query.page({**cursor, "page_size": SIZE})


def cut(
    visit: Visit, page: Page, found: Sequence[Row], *, at: str, key: Callable[[Row], str]
) -> tuple[Sequence[Row], str, str]:
    """The rows to show, and the addresses of older and newer ones. `found` has one more than the page if there are."""
    shown, position = paging.cut(page, found, total_count=0, key=key)
    cursors = cast("Mapping[str, str | None]", position["cursors"])
    older, newer = cursors["after"], cursors["before"]
    return (
        shown,
        visit.link(at, after=older) if older else "",
        visit.link(at, before=newer) if newer and page.has_cursor else "",
    )


NOTHING = Listed((), "", "", "")
