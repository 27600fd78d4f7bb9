"""Pages of lists in descending order, by page number or from a cursor in either direction."""

import functools

from sent_server.kernel.paging import Page

Window = dict[str, str | int]
_LAST_MS = 10**15


def window(page: Page) -> Window:
    """The parameters `above_id`, `below_id`, `count` and `skip` of a list ordered by id."""
    return {"above_id": page.above_id, "below_id": page.below_id, "count": page.fetch, "skip": page.offset}


def timed_window(page: Page) -> Window:
    """The parameters of a list ordered by time and then key, for cursors of `timed_key`.

    They are `above_at_ms`, `above_key`, `below_at_ms`, `below_key`, `count` and `skip`.
    """
    above_at_ms, _, above_key = (page.before or "0/").partition("/")
    below_at_ms, _, below_key = (page.after or f"{_LAST_MS}/").partition("/")
    return {
        "above_at_ms": int(above_at_ms),
        "above_key": above_key,
        "below_at_ms": int(below_at_ms),
        "below_key": below_key,
        "count": page.fetch,
        "skip": page.offset,
    }


def timed_key(at_ms: int | None, key: str) -> str:
    return f"{at_ms or 0}/{key}"


def ordered(sql: str, page: Page) -> str:
    """Returns `sql`, in reverse order for the rows before a cursor (`paging.cut` reverses them again)."""
    return sql if page.before is None else _opposite(sql)


@functools.cache
def _opposite(sql: str) -> str:
    head, order_by, order = sql.rpartition("ORDER BY")
    assert " DESC" in order, sql
    return head + order_by + order.replace(" DESC", " ASC")
