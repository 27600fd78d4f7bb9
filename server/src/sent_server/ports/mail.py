"""Sends email to people."""

from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class Email:
    """A plain-text email to one person. `link` is the link in it, if it is about one."""

    to: str
    name: str
    subject: str
    text: str
    link: str | None = None


@value_object
class EmailSent:
    """The mail server accepted the email."""


@value_object
class EmailRefused:
    """The mail server will never accept the email."""

    reason: str


@value_object
class EmailFailed:
    """The mail server did not accept the email this time."""

    reason: str


Outcome = EmailSent | EmailRefused | EmailFailed


class Mailer(Protocol):
    async def send(self, letter: Email, *, letter_id: str) -> Outcome:
        """Send an email. After a crash the same email may be sent again with the same id. Never raises."""
        ...
