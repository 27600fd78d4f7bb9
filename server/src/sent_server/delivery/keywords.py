"""Consent keywords: STOP, START and HELP. Pure. Source: docs/reference/consent.md#keywords, contract/NOTES.md d and f.

The usual words work for every account. An account's campaigns may add their own words and define the replies.
All words are compared in the normal form of kernel.typed_text.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from enum import Enum

from sent_server.kernel import typed_text
from sent_server.kernel.values import value_object

MAX_CHARS = 100  # of a keyword; longer texts are not compared with the campaigns' words
# The separators that people type in lists, in Latin, Arabic and East Asian scripts, and every line break.
_SEPARATORS = re.compile(
    "[,;\u060c\u061b\u3001\ufe10\ufe11\ufe14\ufe50\ufe51\ufe54\uff0c\uff1b\uff64\n\r\v\f\x85\u2028\u2029]"
)


class Keyword(Enum):
    """The meaning of a keyword. The value is the name of its event."""

    STOP = "contact.opt_out"
    START = "contact.opt_in"
    HELP = "contact.help"

    @property
    def event_name(self) -> str:
        return self.value


_USUAL = {
    **dict.fromkeys(
        (
            "stop",
            "stopall",
            "stop all",
            "cancel",
            "unsubscribe",
            "un subscribe",
            "quit",
            "end",
            "revoke",
            "optout",
            "opt out",
        ),
        Keyword.STOP,
    ),
    **dict.fromkeys(("start", "unstop", "un stop", "subscribe"), Keyword.START),
    **dict.fromkeys(("help", "info"), Keyword.HELP),
}
_REPLIES = {
    Keyword.STOP: "You are unsubscribed and will get no more messages from us. Reply START to subscribe again.",
    Keyword.START: "You are subscribed. Reply STOP to unsubscribe, HELP for help.",
    Keyword.HELP: "Reply STOP to unsubscribe, START to subscribe again. Message and data rates may apply.",
}
STILL_UNSUBSCRIBED = "You are still unsubscribed, because you opted out at another number of ours. Reply START there."
_SUBSCRIBED_AGAIN = "You are subscribed again. Reply STOP to unsubscribe, HELP for help."


@value_object
class KeywordSet:
    """A campaign's settings for one keyword: the list of `words` as typed by the user, and the reply."""

    keyword: Keyword
    words: str | None
    reply: str | None

    def holds(self, word: str) -> bool:
        return word in _words(self.words or "")


@value_object
class KeywordMatch:
    """`word` is in normal form. `reply` is a campaign's, or None. `is_custom`: the word itself is a campaign's."""

    keyword: Keyword
    word: str
    reply: str | None
    is_custom: bool

    def reply_after(self, *, opted_out: bool) -> str:
        """The reply to a contact. `opted_out` is the contact's state before the keyword."""
        if self.reply is not None:
            return self.reply
        return _SUBSCRIBED_AGAIN if self.keyword is Keyword.START and opted_out else _REPLIES[self.keyword]


def word_of(text: str) -> str | None:
    """The normal form of a text that may be a keyword. None if it is too long or empty."""
    if len(text) > typed_text.MAX_CHARS:
        return None
    word = typed_text.normal_form(text)
    return word if 0 < len(word) <= MAX_CHARS else None


def match(word: str, sets: Sequence[KeywordSet] = ()) -> KeywordMatch | None:
    """Match the whole of `word`, a result of `word_of`. The usual words take precedence, then opting out.

    The reply is the first among the sets that contain the word, or else among the sets for the keyword.
    """
    usual = _USUAL.get(word)
    naming = [one for one in sets if one.holds(word)]
    keyword = usual or next((one for one in Keyword if any(named.keyword is one for named in naming)), None)
    if keyword is None:
        return None
    reply = _first_reply(naming, keyword) or _first_reply(sets, keyword)
    return KeywordMatch(keyword, word, reply, is_custom=usual is None)


@functools.lru_cache(maxsize=1_000)
def _words(text: str) -> frozenset[str]:
    return frozenset(word for written in _SEPARATORS.split(text) if (word := typed_text.normal_form(written)))


def _first_reply(sets: Iterable[KeywordSet], keyword: Keyword) -> str | None:
    replies = (one.reply for one in sets if one.keyword is keyword and one.reply)
    return next((reply for reply in replies if not typed_text.is_blank(reply)), None)
