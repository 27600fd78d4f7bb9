"""Whoever carries mail to people."""

from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class Email:
    """Plain text to one person. `link` is what the letter is about, if that is a link."""

    to: str
    name: str
    subject: str
    text: str
    link: str | None = None


@value_object
class EmailSent:
    """Whoever carries it has taken it over."""


@value_object
class EmailRefused:
    """It will never be taken."""

    reason: str


@value_object
class EmailFailed:
    """It was not taken this time."""

    reason: str


Outcome = EmailSent | EmailRefused | EmailFailed


class Mailer(Protocol):
    async def send(self, letter: Email, *, letter_id: str) -> Outcome:
        """Hand a letter over. The same letter may come again after a crash, with the same id; never raises."""
        ...
