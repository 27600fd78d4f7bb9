"""Pages: where they start, and what the answer says of them."""

from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import paging
from sent_server.kernel.paging import Page

PAGES = st.builds(Page, st.integers(1, 1_000), st.integers(1, paging.MAX_SIZE))


@given(PAGES, st.integers(0, 10_000))
def test_pages_cover_every_row_once(page, total_count):
    rows = range(total_count)
    shown = rows[page.offset : page.offset + page.fetch]
    position = paging.position(page, total_count=total_count, has_more=len(shown) > page.size)
    assert position["has_more"] == (page.number < position["total_pages"])
    following = Page(page.number + 1, page.size)
    assert following.offset == page.offset + page.size


def test_the_position_has_the_documented_names():
    assert paging.position(Page(2, 20), total_count=41, has_more=True) == {
        "page": 2,
        "page_size": 20,
        "total_count": 41,
        "total_pages": 3,
        "has_more": True,
        "cursors": None,
    }


def test_an_empty_list_has_no_pages():
    assert paging.position(Page(), total_count=0, has_more=False)["total_pages"] == 0
