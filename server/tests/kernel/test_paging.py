"""Pages: where they start, and what the answer says of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import paging
from sent_server.kernel.paging import Cursor, Page

PAGES = st.builds(Page, st.integers(1, 1_000), st.integers(1, paging.MAX_SIZE))
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


def decoded(text):
    cursor = Cursor.decode(text)
    assert cursor
    return cursor


def keys_of(count):
    """Keys in the descending order of a list."""
    return [f"{number:05d}" for number in reversed(range(count))]


def read(rows, page):
    """What a store gives for a page of a list in descending order."""
    if page.before is not None:
        found = [row for row in reversed(rows) if row > page.before]
    else:
        found = [row for row in rows if row < page.below_id]
    return found[page.offset : page.offset + page.fetch]


def show(rows, page) -> tuple[list[str], dict[str, Any]]:
    return paging.cut(page, read(rows, page), total_count=len(rows), key=str)


def walk(rows, size, direction="after", page=None):
    """The pages that cursors lead to, from the first one on."""
    page = page or Page(1, size)
    while True:
        shown, position = show(rows, page)
        yield shown, position
        text = position["cursors"][direction]
        if text is None:
            return
        cursor = decoded(text)
        page = Page(cursor.number, size, **{direction: cursor.key}, total_count=None)


@given(PAGES, st.integers(0, 10_000))
def test_pages_cover_every_row_once(page, total_count):
    rows = range(total_count)
    shown, position = paging.cut(
        page, rows[page.offset : page.offset + page.fetch], total_count=total_count, key=lambda row: f"{row:05d}"
    )
    assert len(shown) <= page.size
    assert position["has_more"] == (page.number < position["total_pages"])
    following = Page(page.number + 1, page.size)
    assert following.offset == page.offset + page.size


@given(st.integers(0, 120), st.integers(1, 30))
def test_cursors_lead_through_every_row_once_and_back(count, size):
    rows = keys_of(count)
    pages = list(walk(rows, size))
    assert [row for shown, _ in pages for row in shown] == rows
    assert [position["page"] for _, position in pages] == list(range(1, len(pages) + 1))
    last = pages[-1][1]["cursors"]["before"]
    if last is not None:
        cursor = decoded(last)
        back = list(walk(rows, size, "before", Page(cursor.number, size, before=cursor.key)))
        assert [shown for shown, _ in reversed(back)] == [shown for shown, _ in pages[:-1]]


@given(st.integers(2, 80), st.integers(1, 10), st.data())
def test_rows_that_come_and_go_neither_repeat_nor_skip_others(count, size, data):
    rows = keys_of(count)
    gone = data.draw(st.sets(st.sampled_from(rows)))
    shown, position = show(rows, Page(1, size))
    seen = list(shown)
    while position["cursors"]["after"] is not None:
        cursor = decoded(position["cursors"]["after"])
        changed = ["99999", *(row for row in rows if row not in gone)]
        shown, position = show(changed, Page(cursor.number, size, after=cursor.key))
        seen += shown
    assert seen == sorted(set(seen), reverse=True)
    assert set(rows) - gone <= set(seen)


@given(KEYS, st.integers(1, paging.MAX_PAGE))
def test_a_cursor_survives_its_text(key, number):
    cursor = Cursor(key, number)
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_any_other_text_is_no_cursor(text):
    found = Cursor.decode(text)
    assert found is None or found.key


def test_a_number_that_is_a_boolean_is_no_cursor():
    assert Cursor.decode("W3RydWUsICJhIl0") is None


def test_the_position_has_the_documented_names():
    shown, position = paging.cut(Page(2, 2), ["c", "b", "a"], total_count=5, key=str)
    assert shown == ["c", "b"]
    assert position == {
        "page": 2,
        "page_size": 2,
        "total_count": 5,
        "total_pages": 3,
        "has_more": True,
        "cursors": {"after": Cursor("b", 3).encode(), "before": Cursor("c", 1).encode()},
    }


def test_an_empty_list_has_no_pages():
    shown, position = paging.cut(Page(), [], total_count=0, key=str)
    assert shown == []
    assert position["total_pages"] == 0
    assert position["cursors"] == {"after": None, "before": None}


def test_a_short_list_comes_in_one_page_unless_one_is_asked_for():
    rows = [f"{number:03d}" for number in range(250)]
    shown, position = paging.cut_all(None, rows, key=str)
    assert shown == rows
    assert (position["page"], position["page_size"], position["has_more"]) == (1, 250, False)
    shown, position = paging.cut_all(Page(2, 100), rows, key=str)
    assert shown == rows[100:200]
    cursors: Any = position["cursors"]
    cursor = decoded(cursors["after"])
    assert paging.cut_all(Page(3, 100, after=cursor.key), rows, key=str)[0] == rows[200:]
    cursor = decoded(cursors["before"])
    assert paging.cut_all(Page(1, 100, before=cursor.key), rows, key=str)[0] == rows[:100]
