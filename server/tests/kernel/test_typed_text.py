"""The normal form of what people type: what it takes away, what it leaves, and that doing it twice changes nothing."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sent_server.kernel import typed_text
from sent_server.kernel.typed_text import is_blank, normal_form

INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202e\u2060\u2066\u2069\ufeff\u00ad"
    "\u061c\u180e\ufe0f\u034f\x07\U000e0041"
)
QUOTES = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e\u2039\u300c\u300d\uff02`\u00b4"
PUNCTUATION = ".!?,;:\u2026()[]*_~-\u2014\u00a1\u061f\u3002"
EMOJI = "\U0001f64f\U0001f44d\U0001f3fd\u2764\u2122\u2139"
AROUND = INVISIBLE + QUOTES + PUNCTUATION + EMOJI + " \n\t\u00a0\u3000"
WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyz\u00e9\u00fc\u03b1\u0436\u505c\u6b62", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Stop \n", "stop"),
        ("\uff33\uff34\uff2f\uff30", "stop"),  # full width
        ("opt\u2011out", "opt out"),
        ("opt \u2013 out", "opt out"),
        ("opt\u00ad-out", "opt out"),
        ("s\u200bt\u2060o\ufeffp", "stop"),
        ("\u202eSTOP\u202c", "stop"),
        ("\u0130PTAL", "iptal"),
        ("iptal", "iptal"),
        ("IPTAL", "iptal"),
        ("\u0131ptal", "iptal"),
        ("STRASSE", "strasse"),
        ("stra\u00dfe", "strasse"),
        ("\u03a4\u0395\u039b\u039f\u03a3", "\u03c4\u03b5\u03bb\u03bf\u03c3"),  # a final sigma, or not
        ("\u03c4\u03b5\u03bb\u03bf\u03c2", "\u03c4\u03b5\u03bb\u03bf\u03c3"),
        ("arre\u0302t", "arr\u00eat"),
        ("ARR\u00caT", "arr\u00eat"),
        ("arret", "arret"),  # another word
        ("l\u2019arr\u00eat", "larr\u00eat"),
        ("l'arr\u00eat", "larr\u00eat"),
        ("stop\U0001f64f\U0001f3fd\u200d\u2640\ufe0f", "stop"),
        ("stop 1\ufe0f\u20e3", "stop"),
        ("1\ufe0f\u20e3", "1"),
        ("info \u2139\ufe0f", "info"),
        ("stop \u00b4", "stop"),
        ("stop \U0001fae8", "stop"),  # an emoji of 2022
        ("\u0930\u094b\u0915\u094b", "\u0930\u094b\u0915\u094b"),  # ends in a vowel sign, which belongs to it
        ("\U0001f44d", "\U0001f44d"),  # nothing else is left, so it is what was meant
        ("+", "+"),
        ("no, thank you", "no, thank you"),
        ("stop\U0001f64fit", "stop\U0001f64fit"),
        ("\u201c\u201d", ""),
        ("\u200b \ufeff", ""),
        ("", ""),
    ],
)
def test_what_two_people_mean_alike_looks_alike(text: str, expected: str) -> None:
    assert normal_form(text) == expected


@given(st.text(max_size=40))
@example("\u00b4\u0345i\u0307\u0307\u0130\u0131")
@example("\ufdfa\u2122\u24c2\u0345.\u0301")
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    once = normal_form(text)
    assert normal_form(once) == once


@given(WORD, st.text(alphabet=AROUND, max_size=10), st.text(alphabet=AROUND, max_size=10))
def test_what_stands_around_a_word_does_not_matter(word: str, before: str, after: str) -> None:
    assert normal_form(before + word + after) == word


@given(WORD, st.text(alphabet=INVISIBLE, min_size=1, max_size=3), st.integers(0, 20))
def test_what_nobody_sees_does_not_matter_anywhere(word: str, unseen: str, place: int) -> None:
    assert normal_form(word[:place] + unseen + word[place:]) == word


@given(
    WORD,
    st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    st.sampled_from([str.upper, str.title, str.lower, str.swapcase]),
)
def test_case_and_composition_do_not_matter(word: str, form: str, change: object) -> None:
    assert normal_form(unicodedata.normalize(form, change(word))) == word  # type: ignore[operator, arg-type]


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\u2800", "\u3164\u115f", "\ufeff\u00a0", "\u202e\u202c", "\x07", "\u00ad\ufe0f"]
)
def test_a_text_of_nothing_that_can_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", "a", "\u200ba", "\U0001f44d", "\u0301", "\u4e2d", "\u0130"])
def test_a_text_with_anything_to_see_is_not(text: str) -> None:
    assert not is_blank(text)


def test_a_long_text_is_settled_in_two_passes() -> None:
    """The loop has an end whatever is sent; this shows that it is not what ends it."""
    text = ("\u201c\ufdfa\u2122 \u0130\u0301. " * 200)[: typed_text.MAX_CHARS]
    once = normal_form(text)
    assert normal_form(once) == once
