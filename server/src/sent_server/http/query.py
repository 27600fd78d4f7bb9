"""Paging and filters from the query string, in every documented spelling."""

from collections.abc import Mapping, Sequence

from sent_server.errors import ApiError
from sent_server.kernel.paging import DEFAULT_SIZE, MAX_PAGE, MAX_SIZE, Page

_SIZE_NAMES = ("page_size", "pageSize", "limit")


def page(query: Mapping[str, str]) -> Page:
    """`page` from 1 and `page_size` (also `pageSize`, `limit`) from 1 to 100.

    Raises VALIDATION_005 for a bad page, VALIDATION_001 for a bad size, as the endpoint examples show.
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
    return Page(number, size)


def choice(query: Mapping[str, str], name: str, allowed: Sequence[str], *, any_case: bool = False) -> str | None:
    """An optional enum filter; empty counts as absent. Raises VALIDATION_006."""
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
    """Free text for a LIKE over lower-cased columns; None when blank."""
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
