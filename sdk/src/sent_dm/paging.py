"""Lists with pages. Iterating over a page continues with the next ones; `.data` is this page alone."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

from sent_dm.answers import Answer
from sent_dm.models import ListModel

D = TypeVar("D")
T = TypeVar("T")
P = TypeVar("P", bound="AsyncPage[Any, Any]")
_POSITION = frozenset({"page", "after", "before"})
Fetch = Callable[[Mapping[str, int | str]], Any]


def next_query(query: Mapping[str, Any], following: Mapping[str, int | str]) -> dict[str, Any]:
    """The query of the next page: filters and size stay, and the position is replaced."""
    return {**following, **{name: value for name, value in query.items() if name not in _POSITION}}


class _Page(Answer[D], Generic[D, T]):
    @property
    def items(self) -> list[T]:
        """The items of this page."""
        data: Any = self.data
        return list(data) if isinstance(data, ListModel) else []  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    def bind(self, fetch: Fetch) -> Self:
        object.__setattr__(self, "_fetch", fetch)
        return self

    @property
    def _next_query(self) -> dict[str, int | str] | None:
        """What to ask for next: by cursor where the server gives one, which rows that come and go cannot shift.

        None after the last page. A search may have an empty page and a cursor that continues it. An empty page without
        a cursor is the last one, so that a wrong has_more cannot loop.
        """
        position: Any = getattr(self.data, "pagination", None)
        page: Any = getattr(position, "page", None)
        if not getattr(position, "has_more", False) or not isinstance(page, int):
            return None
        after: Any = getattr(getattr(position, "cursors", None), "after", None)
        if isinstance(after, str) and after:
            return {"after": after}
        return {"page": page + 1} if self.items else None

    def has_next_page(self) -> bool:
        return self._next_query is not None

    def _fetched(self, query: Mapping[str, int | str]) -> Any:
        fetch: Fetch | None = self.__dict__.get("_fetch")
        if fetch is None:
            raise RuntimeError("This page did not come from a client, so there is no next one")
        return fetch(query)

    def __bool__(self) -> bool:
        return True


class SyncPage(_Page[D, T], Generic[D, T]):
    def get_next_page(self) -> Self:
        """Raises RuntimeError after the last page; see `has_next_page`."""
        query = self._next_query
        if query is None:
            raise RuntimeError("There is no next page; ask has_next_page() first")
        return self._fetched(query)

    def iter_pages(self) -> Iterator[Self]:
        page, asked = self, None
        yield page
        # A cursor that leads to itself ends the walk.
        while (query := page._next_query) not in (None, asked):
            page, asked = page.get_next_page(), query
            yield page

    def __iter__(self) -> Iterator[T]:
        for page in self.iter_pages():
            yield from page.items


class AsyncPage(_Page[D, T], Generic[D, T]):
    async def get_next_page(self) -> Self:
        """Raises RuntimeError after the last page; see `has_next_page`."""
        query = self._next_query
        if query is None:
            raise RuntimeError("There is no next page; ask has_next_page() first")
        return await self._fetched(query)

    async def iter_pages(self) -> AsyncIterator[Self]:
        page, asked = self, None
        yield page
        # A cursor that leads to itself ends the walk.
        while (query := page._next_query) not in (None, asked):
            page, asked = await page.get_next_page(), query
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.iter_pages():
            for item in page.items:
                yield item


class AsyncPaginator(Generic[P, T]):
    """Await it for the first page, or iterate it for all items of all pages."""

    def __init__(self, first: Callable[[], Awaitable[P]]) -> None:
        self._first = first

    def __await__(self) -> Generator[Any, None, P]:
        return self._first().__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in await self._first():
            yield item
