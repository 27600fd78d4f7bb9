"""Email addresses and names that are safe in a header. Pure."""

import re
import unicodedata

MAX_ADDRESS_LENGTH = 254
MAX_MENTION_LENGTH = 80
# A dot-atom of RFC 5322 before the @, and a host name of RFC 1123 with a dot after it. Quoted local parts and address
# literals are legal, but nobody uses them. Letters beyond ASCII need SMTPUTF8 on the complete route.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}", re.ASCII | re.IGNORECASE)
# Control characters, surrogates, line and paragraph separators, and characters that change the text direction.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_address(text: str) -> bool:
    return len(text) <= MAX_ADDRESS_LENGTH and _ADDRESS.fullmatch(text) is not None


def is_one_line(text: str) -> bool:
    """Whether the text is safe in a header, a log line and a page."""
    return not any(
        character in _TURNING or unicodedata.category(character) in _REFUSED_CATEGORIES for character in text
    )


def one_line(text: str) -> str:
    """Replace each unsafe character by a blank."""
    return "".join(character if is_one_line(character) else " " for character in text).strip()


def mention(text: str) -> str:
    """A user's name as it may appear in an email to a stranger: one short line without a link."""
    plain = " ".join(one_line(text).replace("://", " ").split())
    return plain if len(plain) <= MAX_MENTION_LENGTH else plain[: MAX_MENTION_LENGTH - 1].rstrip() + "…"
