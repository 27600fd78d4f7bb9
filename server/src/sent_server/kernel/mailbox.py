"""E-mail addresses and names as they may stand in a header. Pure."""

import re
import unicodedata

MAX_ADDRESS_LENGTH = 254
MAX_MENTION_LENGTH = 80
# The dot-atom of RFC 5322 before the @, host names of RFC 1123 with a dot behind it. Quoted local parts and address
# literals are legal and used by nobody; letters beyond ASCII need SMTPUTF8 on the whole way.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}", re.ASCII | re.IGNORECASE)
# Controls, halves of surrogates, line and paragraph separators; and what turns the direction of the text around it.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_address(text: str) -> bool:
    return len(text) <= MAX_ADDRESS_LENGTH and _ADDRESS.fullmatch(text) is not None


def is_one_line(text: str) -> bool:
    """Whether it can stand in a header, a log line and a page without pretending to be something else."""
    return not any(
        character in _TURNING or unicodedata.category(character) in _REFUSED_CATEGORIES for character in text
    )


def one_line(text: str) -> str:
    """Whatever is not fit for a header becomes a blank."""
    return "".join(character if is_one_line(character) else " " for character in text).strip()


def mention(text: str) -> str:
    """A name that somebody chose, as it may stand in an email to a stranger: one short line, and no link."""
    plain = " ".join(one_line(text).replace("://", " ").split())
    return plain if len(plain) <= MAX_MENTION_LENGTH else plain[: MAX_MENTION_LENGTH - 1].rstrip() + "…"
