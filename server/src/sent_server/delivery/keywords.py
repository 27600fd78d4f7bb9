"""Words that change or ask about consent. Pure. Source: RELIABILITY "Opt-out", contract NOTES d and f.

The usual words mean what they mean everywhere. An account's campaigns may add words of their own, and say the answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

MAX_CHARS = 100  # of a word; longer texts are not worth asking the campaigns about
_STOP = frozenset({"STOP", "STOPALL", "CANCEL", "UNSUBSCRIBE", "QUIT", "END", "REVOKE", "OPTOUT"})
_START = frozenset({"START", "UNSTOP", "SUBSCRIBE"})
_HELP = frozenset({"HELP", "INFO"})


class Keyword(Enum):
    """What a word asks for; its value is the event that tells of it."""

    STOP = "contact.opt_out"
    START = "contact.opt_in"
    HELP = "contact.help"

    @property
    def event_name(self) -> str:
        return self.value


_REPLIES = {
    Keyword.STOP: "You are unsubscribed and will get no more messages from us. Reply START to subscribe again.",
    Keyword.START: "You are subscribed again. Reply STOP to unsubscribe, HELP for help.",
    Keyword.HELP: "Reply STOP to unsubscribe, START to subscribe again. Message and data rates may apply.",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """What one campaign says of one keyword: `words` separated by commas, and the answer to them."""

    keyword: Keyword
    words: str | None
    reply: str | None

    def holds(self, word: str) -> bool:
        return word in {own.strip().upper() for own in (self.words or "").split(",")}


@dataclass(frozen=True, slots=True)
class Heard:
    """`is_custom`: the word is a campaign's own."""

    keyword: Keyword
    reply: str
    is_custom: bool


def is_short(text: str) -> bool:
    return 0 < len(text.strip()) <= MAX_CHARS


def read(text: str, phrases: Sequence[Phrase] = ()) -> Heard | None:
    """The whole trimmed text counts, in any case. The usual words come first, then opting out before the rest.

    The answer is that of the first phrase that has one: of those that hold the word, else of those for the keyword.
    """
    word = text.strip().upper()
    if not word:
        return None
    usual = _usual(word)
    naming = [phrase for phrase in phrases if phrase.holds(word)]
    keyword = usual or next((one for one in Keyword if any(phrase.keyword is one for phrase in naming)), None)
    if keyword is None:
        return None
    said = _first_reply(naming, keyword) or _first_reply(phrases, keyword) or _REPLIES[keyword]
    return Heard(keyword, said, is_custom=usual is None)


def _usual(word: str) -> Keyword | None:
    if word in _STOP:
        return Keyword.STOP
    if word in _START:
        return Keyword.START
    return Keyword.HELP if word in _HELP else None


def _first_reply(phrases: Iterable[Phrase], keyword: Keyword) -> str | None:
    return next((p.reply for p in phrases if p.keyword is keyword and p.reply and p.reply.strip()), None)
