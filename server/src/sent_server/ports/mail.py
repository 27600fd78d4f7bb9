"""Whoever carries mail to people."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Email:
    """Plain text to one person. `link` is what the letter is about, if that is a link."""

    to: str
    name: str
    subject: str
    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class EmailSent:
    """Whoever carries it has taken it over."""


@dataclass(frozen=True, slots=True)
class EmailRefused:
    """It will never be taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class EmailFailed:
    """It was not taken this time."""

    reason: str


Outcome = EmailSent | EmailRefused | EmailFailed


class Mailer(Protocol):
    async def send(self, letter: Email, *, letter_id: str) -> Outcome:
        """Hand a letter over. The same letter may come again after a crash, with the same id; never raises."""
        ...
