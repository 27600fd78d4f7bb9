"""Email through an SMTP relay, with the standard library in separate threads.

A URL names the relay: `smtps://` uses TLS from the first byte, `smtp://` requires STARTTLS, and `smtp+plain://`
encrypts nothing (for a relay on the same machine).
"""

import asyncio
import contextlib
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from sent_server.kernel import mailbox
from sent_server.kernel.values import value_object
from sent_server.ports.mail import Email, EmailFailed, EmailRefused, EmailSent, Outcome

PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
MAX_AT_ONCE = 4
MAX_REASON_LENGTH = 300


class RelayError(Exception):
    """An invalid relay URL or sender. The message gives the reason and contains no password."""


@value_object
class Relay:
    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)


def parse_relay(url: str) -> Relay:
    """Raises RelayError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RelayError("is not a URL") from None
    if parts.scheme not in PORTS:
        raise RelayError(f"must begin with {', '.join(f'{scheme}://' for scheme in PORTS)}")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise RelayError("must look like smtps://USER:PASSWORD@HOST:PORT")
    if (parts.username is None) is not (parts.password is None):
        raise RelayError("needs both a user and a password, or neither")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Relay(parts.scheme, parts.hostname, port or PORTS[parts.scheme], user, password)


def parse_sender(text: str) -> Address:
    """`Name <address>` or an address. Raises RelayError."""
    name, address = parseaddr(text)
    if not mailbox.is_address(address) or not mailbox.is_one_line(text):
        raise RelayError("must look like 'Name <name@example.com>'")
    return Address(name, addr_spec=address)


class SmtpMailer:
    """`ports.mail.Mailer` over SMTP; one connection per email. `timeout_s` bounds each SMTP operation."""

    def __init__(self, relay: Relay, sender: Address, *, timeout_s: float) -> None:
        self._relay = relay
        self._sender = sender
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="smtp")

    async def send(self, letter: Email, *, letter_id: str) -> Outcome:
        message = self._message(letter, letter_id)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._deliver, message)

    def _message(self, letter: Email, letter_id: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = Address(mailbox.one_line(letter.name), addr_spec=letter.to)
        message["Subject"] = mailbox.one_line(letter.subject)
        message["Date"] = format_datetime(datetime.now(UTC))
        # The email keeps its id, so that a copy sent after a crash is recognizable.
        message["Message-ID"] = f"<{letter_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _deliver(self, message: EmailMessage) -> Outcome:
        try:
            smtp = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            return EmailFailed(_reason(error))
        try:
            smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, reply),) = error.recipients.values()
            reason = _reason(smtplib.SMTPResponseException(code, reply))
            return EmailRefused(reason) if code >= 500 else EmailFailed(reason)
        except smtplib.SMTPDataError as error:
            return EmailRefused(_reason(error)) if error.smtp_code >= 500 else EmailFailed(_reason(error))
        except (smtplib.SMTPException, OSError) as error:
            return EmailFailed(_reason(error))
        finally:
            # An error on QUIT does not change what the relay accepted.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()
        return EmailSent()

    def _connect(self) -> smtplib.SMTP:
        relay, context = self._relay, ssl.create_default_context()
        smtp = (
            smtplib.SMTP_SSL(relay.host, relay.port, timeout=self._timeout_s, context=context)
            if relay.scheme == "smtps"
            else smtplib.SMTP(relay.host, relay.port, timeout=self._timeout_s)
        )
        try:
            if relay.scheme == "smtp":
                smtp.starttls(context=context)
            if relay.user is not None and relay.password is not None:
                smtp.login(relay.user, relay.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
        return mailbox.one_line(f"{error.smtp_code} {text}")[:MAX_REASON_LENGTH]
    return mailbox.one_line(f"{type(error).__name__}: {error}")[:MAX_REASON_LENGTH]
