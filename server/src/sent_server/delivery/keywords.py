"""Words that change or ask about consent. Pure. Source: RELIABILITY "Opt-out", contract NOTES f."""

from enum import Enum

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

    @property
    def reply(self) -> str:
        return _REPLIES[self]


_REPLIES = {
    Keyword.STOP: "You are unsubscribed and will get no more messages from us. Reply START to subscribe again.",
    Keyword.START: "You are subscribed again. Reply STOP to unsubscribe, HELP for help.",
    Keyword.HELP: "Reply STOP to unsubscribe, START to subscribe again. Message and data rates may apply.",
}


def read(text: str) -> Keyword | None:
    """The whole trimmed text counts, in any case."""
    word = text.strip().upper()
    if word in _STOP:
        return Keyword.STOP
    if word in _START:
        return Keyword.START
    return Keyword.HELP if word in _HELP else None
