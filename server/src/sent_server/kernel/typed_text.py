"""Normalizes text that people typed, for comparisons. Pure.

Phones add periods, keyboards curl quotes, messengers wrap words in direction marks, and a Turkish keyboard has four
letters i. None of that changes the meaning.
"""

import functools
import re
import unicodedata

MAX_CHARS = 1_000  # a longer text is prose and is not compared
# Default ignorable characters outside category Cf: joiners, fillers, variation selectors.
_FILLERS = frozenset(
    chr(point)
    for first, last in [
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164),
        (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
    ]
    for point in range(first, last + 1)
)  # fmt: skip
_BRAILLE_BLANK = "\u2800"
# In addition to categories Pi and Pf. Some are letters or symbols in Unicode, but people use them as quotes.
_QUOTES = frozenset(
    "\"'`\u00b4\u02b9\u02ba\u02bb\u02bc\u02bd\u02ca\u02cb\u02dd\u02ee\u05f3\u05f4\u201a\u201e\u2032\u2033\u2034\u2035"
    "\u2036\u2037\u2057\u275b\u275c\u275d\u275e\u275f\u2760\u276e\u276f\u2e42\u300c\u300d\u300e\u300f\u301d\u301e\u301f"
    "\ufe41\ufe42\ufe43\ufe44\uff02\uff07\uff40\uff62\uff63\U0001f676\U0001f677\U0001f678"
)
_DASHES = frozenset("_\u2043\u2212\u203f\u02d7")  # in addition to category Pd
# Compatibility normalization would turn these emoji into letters, so they are removed first.
_LETTERLIKE_EMOJI = dict.fromkeys(
    [
        0x2122, 0x2139, 0x24C2, 0x3297, 0x3299, 0x1F201, 0x1F202, 0x1F21A, 0x1F22F, *range(0x1F232, 0x1F23B), 0x1F250,
        0x1F251,
    ],
    " ",
)  # fmt: skip
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_NEWER_EMOJI = range(0x1F000, 0x1FB00)  # unassigned if Python is older than the phone
_DOTTED = re.compile("i\u0307+")
_PASSES = 8  # removing one character may expose the next; two passes suffice for real texts


def normal_form(text: str) -> str:
    """The text without case, width, invisible characters, quotes, and surrounding punctuation or emoji.

    Inner dashes and white space become single blanks. A text of only punctuation or emoji keeps them. Idempotent.
    """
    for _ in range(_PASSES):
        folded = _fold(text)
        if folded == text:
            break
        text = folded
    return text


def is_blank(text: str) -> bool:
    """Whether the text is invisible: white space, direction marks, fillers, control characters."""
    return all(character.isspace() or character == _BRAILLE_BLANK or _is_invisible(character) for character in text)


def _fold(text: str) -> str:
    bare = _KEYCAP.sub(" ", text).translate(_LETTERLIKE_EMOJI)
    text = text if is_blank(bare) else bare  # a lone keycap is its digit: the person chose 1
    text = unicodedata.normalize("NFKC", "".join(map(_seen, text)))
    # All forms of i are one letter: a Turkish phone writes QUIT with \u0130 or \u0131, which casefold keeps apart.
    text = _DOTTED.sub("i", text.casefold().replace("\u0131", "i"))
    text = unicodedata.normalize("NFKC", text)
    text = " ".join("".join(map(_seen, text)).split())
    return _trimmed(text) or text


@functools.lru_cache(maxsize=4_096)
def _seen(character: str) -> str:
    """The character, a blank for a word separator, or nothing for quotes and invisible characters."""
    category = unicodedata.category(character)
    if character.isspace() or category == "Pd" or character in _DASHES or character == _BRAILLE_BLANK:
        return " "
    return "" if _is_invisible(character) or category in ("Pi", "Pf", "Me") or character in _QUOTES else character


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return category == "Cf" or (category == "Cc" and not character.isspace()) or character in _FILLERS


def _trimmed(text: str) -> str:
    """Strip punctuation, symbols and emoji at both ends, and combining marks without a letter."""
    start, end = 0, len(text)
    while start < end and (_is_decoration(text[start]) or _is_mark(text[start])):
        start += 1
    while start < end:
        base = end - 1
        while base > start and _is_mark(text[base]):
            base -= 1
        if not _is_decoration(text[base]):
            break
        end = base
    return text[start:end]


def _is_decoration(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "PSZ" or category == "Co" or (category == "Cn" and ord(character) in _NEWER_EMOJI)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"
