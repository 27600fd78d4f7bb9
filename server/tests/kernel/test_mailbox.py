"""Which addresses and names may stand in the header of a letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import mailbox


@pytest.mark.parametrize(
    "address",
    ["a@b.co", "Jane.Doe+x@mail.example.com", f"{'a' * 64}@b.co", "x@xn--mnchen-3ya.de"],
)
def test_addresses(address: str) -> None:
    assert mailbox.is_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "a@b",
        "@b.co",
        "a@",
        "a@b..co",
        ".a@b.co",
        "a.@b.co",
        "a..b@b.co",
        "a b@c.co",
        "a@-b.co",
        "a@b-.co",
        "a@b.co\n",
        "a@b.co\r\nBcc: x@y.co",
        "a@b.co,c@d.co",
        "<a@b.co>",
        '"a b"@c.co',
        "a@[127.0.0.1]",
        "jané@b.co",
        "a@bü.co",
        "a@b.co\x00",
        "a@@b.co",
        f"{'a' * 65}@b.co",
        f"a@{'b.' * 130}co",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert not mailbox.is_address(text)


@pytest.mark.parametrize("name", ["Jane Doe", "Łukasz", "李雷", "نسرین", "👩‍👩‍👧 family", "O'Neil <jr.>", '"quoted"'])
def test_names_of_people_are_one_line(name: str) -> None:
    assert mailbox.is_one_line(name)


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u202eb", "\x1b[31mred", "a\tb", "\ud800"])
def test_what_could_pretend_is_not_one_line(name: str) -> None:
    assert not mailbox.is_one_line(name)
    assert mailbox.is_one_line(mailbox.one_line(name))


@given(st.text())
def test_anything_can_be_made_one_line(text: str) -> None:
    assert mailbox.is_one_line(mailbox.one_line(text))


@given(st.text(max_size=300))
def test_a_mention_is_one_short_line_without_a_link(text: str) -> None:
    shown = mailbox.mention(text)
    assert mailbox.is_one_line(shown)
    assert len(shown) <= mailbox.MAX_MENTION_LENGTH
    assert "://" not in shown
    assert mailbox.mention(shown) == shown


def test_an_ordinary_name_is_mentioned_as_it_is() -> None:
    assert mailbox.mention("M\u00fcller & Sons, Inc.") == "M\u00fcller & Sons, Inc."
