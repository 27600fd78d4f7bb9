"""Pages of lists: position in, documented position out."""

from dataclasses import dataclass

DEFAULT_SIZE = 20
MAX_SIZE = 100
MAX_PAGE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Page:
    number: int = 1
    size: int = DEFAULT_SIZE

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def fetch(self) -> int:
        """Rows to ask for: one more than a page tells whether there is a next one."""
        return self.size + 1


def position(page: Page, *, total_count: int, has_more: bool) -> dict[str, object]:
    """The `pagination` object. Cursors are null, as in every documented example."""
    return {
        "page": page.number,
        "page_size": page.size,
        "total_count": total_count,
        "total_pages": -(-total_count // page.size),
        "has_more": has_more,
        "cursors": None,
    }
