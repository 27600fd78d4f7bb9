"""Pages of lists: position in, documented position out.

A client requests a page by number or by a cursor. A cursor is opaque text that names the last row of the previous page
(`after`) or the first row of the next one (`before`). Numbers shift when rows are added or deleted; cursors do not.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from sent_server.kernel.values import value_object

DEFAULT_SIZE = 20
MAX_SIZE = 100
MAX_PAGE = 1_000_000_000
MAX_CURSOR_LENGTH = 256
# Sorts behind every id (hexadecimal digits and hyphens) in every collation.
_LAST_ID = "g"

Row = TypeVar("Row")


@value_object
class Page:
    """`after` and `before` are keys of rows from `Cursor.key`. At most one of them is set.

    `total_count` is that of the page where the cursor comes from, in lists that keep it.
    """

    number: int = 1
    size: int = DEFAULT_SIZE
    after: str | None = None
    before: str | None = None
    total_count: int | None = None

    @property
    def has_cursor(self) -> bool:
        return self.after is not None or self.before is not None

    @property
    def offset(self) -> int:
        return 0 if self.has_cursor else (self.number - 1) * self.size

    @property
    def fetch(self) -> int:
        """Rows to fetch: one more than a page, to know whether a next page exists."""
        return self.size + 1

    @property
    def below_id(self) -> str:
        """For lists in descending order of ids: every row of the page has a smaller id."""
        return self.after or _LAST_ID

    @property
    def above_id(self) -> str:
        """For lists in descending order of ids: every row of the page has a greater id."""
        return self.before or ""


@value_object
class Cursor:
    """`number` is the page that the cursor leads to, as the response shows it."""

    key: str
    number: int
    total_count: int | None = None

    def encode(self) -> str:
        kept = [] if self.total_count is None else [self.total_count]
        return base64.urlsafe_b64encode(json.dumps([self.number, self.key, *kept]).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor | None":
        """None for a text that `encode` did not make."""
        if not text.isascii() or len(text) > MAX_CURSOR_LENGTH:
            return None
        try:
            parts: Any = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, binascii.Error):
            return None
        match parts:
            case [int(number), str(key), *kept] if (
                number is not True and 1 <= number <= MAX_PAGE and key.isprintable() and key
            ):
                pass
            case _:
                return None
        match kept:
            case []:
                return cls(key, number)
            case [int(total_count)] if not isinstance(total_count, bool) and 0 <= total_count <= MAX_PAGE:
                return cls(key, number, total_count)
            case _:
                return None


def cut(
    page: Page,
    found: Sequence[Row],
    *,
    total_count: int,
    key: Callable[[Row], str],
    stopped_at: str | None = None,
    keeps_total: bool = False,
) -> tuple[list[Row], dict[str, object]]:
    """The rows to show, in the order of the list, and the `pagination` object.

    `found` contains up to `page.fetch` rows, in reverse order when the client requested the page with `before`.
    `stopped_at` is the key from which the search continues, if it ended before the list did.
    `keeps_total` puts the total into the cursors, so that a walk counts once.
    """
    shown = list(found[: page.size])
    goes_on_at = key(shown[-1]) if len(found) > page.size else stopped_at
    comes_from = key(shown[0]) if shown else stopped_at
    if page.before is not None:
        shown.reverse()
        after, before = comes_from, goes_on_at
    else:
        after, before = goes_on_at, comes_from if page.number > 1 or page.after is not None else None
    kept = total_count if keeps_total else None
    return shown, {
        "page": page.number,
        "page_size": page.size,
        "total_count": total_count,
        "total_pages": -(-total_count // page.size),
        "has_more": after is not None,
        "cursors": {
            "after": None if after is None else Cursor(after, page.number + 1, kept).encode(),
            "before": None if before is None else Cursor(before, max(page.number - 1, 1), kept).encode(),
        },
    }


def cut_all(
    page: Page | None, everything: Sequence[Row], *, key: Callable[[Row], str]
) -> tuple[list[Row], dict[str, object]]:
    """A page of a short list that was read completely, in ascending order of its keys. Without a page: all."""
    if page is None:
        page = Page(1, max(DEFAULT_SIZE, len(everything)))
    found = everything
    if page.after is not None:
        after = page.after
        found = [row for row in everything if key(row) > after]
    elif page.before is not None:
        before = page.before
        found = [row for row in reversed(everything) if key(row) < before]
    part = cast(Sequence[Row], found[page.offset : page.offset + page.fetch])
    return cut(page, part, total_count=len(everything), key=key)
