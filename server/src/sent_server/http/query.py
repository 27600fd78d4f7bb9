"""Paging and filters from the query string, in every documented spelling."""

import re
from collections.abc import Mapping, Sequence

from sent_server.errors import ApiError
from sent_server.kernel.paging import DEFAULT_SIZE, MAX_PAGE, MAX_SIZE, Cursor, Page

_SIZE_NAMES = ("page_size", "pageSize", "limit")
_TIMED_KEY = re.compile(r"[0-9]{1,15}/.+", re.ASCII)


def page(query: Mapping[str, str], *, by_time: bool = False, keeps_total: bool = False) -> Page:
    """`page` from 1 and `page_size` (also `pageSize`, `limit`) from 1 to 100; or a cursor (preferred).

    `by_time` is for lists whose cursors contain a time and a key, `keeps_total` for those whose cursors keep the total.

    Raises VALIDATION_005 for a bad page, VALIDATION_001 for a bad size (as the endpoint examples show) or cursor.
    """
    number = _integer(query.get("page"), default=1)
    if number is None or not 1 <= number <= MAX_PAGE:
        raise ApiError(
            "VALIDATION_005", "Page must be greater than 0", details={"page": ["Page must be greater than 0"]}
        )
    name = next((name for name in _SIZE_NAMES if query.get(name)), "page_size")
    size = _integer(query.get(name), default=DEFAULT_SIZE)
    if size is None or not 1 <= size <= MAX_SIZE:
        message = f"Page size must be between 1 and {MAX_SIZE}"
        raise ApiError("VALIDATION_001", details={name: [message]})
    cursors = {name: _cursor(query[name], name, by_time) for name in ("after", "before") if query.get(name)}
    if len(cursors) > 1:
        raise ApiError("VALIDATION_001", details={"before": ["Use either 'after' or 'before', not both"]})
    for name, cursor in cursors.items():
        if keeps_total and cursor.total_count is None:
            raise _no_cursor(name)
        return Page(cursor.number, size, **{name: cursor.key}, total_count=cursor.total_count)
    return Page(number, size)


def page_or_all(query: Mapping[str, str]) -> Page | None:
    """For lists whose older clients send no paging. None means everything in one page."""
    asked_for = any(query.get(name) for name in ("page", *_SIZE_NAMES, "after", "before"))
    return page(query) if asked_for else None


def _cursor(text: str, name: str, by_time: bool) -> Cursor:
    found = Cursor.decode(text)
    if found is None or (by_time and not _TIMED_KEY.fullmatch(found.key)):
        raise _no_cursor(name)
    return found


def _no_cursor(name: str) -> ApiError:
    message = f"'{name}' must be a cursor from 'pagination.cursors' of an earlier answer"
    return ApiError("VALIDATION_001", details={name: [message]})


def choice(query: Mapping[str, str], name: str, allowed: Sequence[str], *, any_case: bool = False) -> str | None:
    """An optional enum filter. Empty means absent. Raises VALIDATION_006."""
    value = query.get(name)
    if not value:
        return None
    if any_case:
        value = next((option for option in allowed if option.lower() == value.lower()), value)
    if value not in allowed:
        raise ApiError("VALIDATION_006", details={name: [f"Value must be one of: {', '.join(allowed)}"]})
    return value


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """An optional `true` or `false`. Raises VALIDATION_001."""
    value = query.get(name)
    if not value:
        return None
    if value.lower() not in ("true", "false"):
        raise ApiError("VALIDATION_001", details={name: ["Value must be true or false"]})
    return value.lower() == "true"


def search(query: Mapping[str, str]) -> str | None:
    """Free text for a LIKE over lower-case columns. None if blank."""
    text = (query.get("search") or "").strip().lower()
    return text[:200] or None


def like(text: str) -> str:
    """A LIKE pattern that finds `text` anywhere; use with ESCAPE '\\'."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _integer(text: str | None, *, default: int) -> int | None:
    if text is None or text == "":
        return default
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
