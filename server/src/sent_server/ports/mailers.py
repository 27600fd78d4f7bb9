"""Selects the mailer that the settings configure."""

from sent_server.ports.mail import Mailer
from sent_server.ports.printed_mail import PrintedMailer
from sent_server.ports.smtp_mail import RelayError, SmtpMailer, parse_relay, parse_sender
from sent_server.settings import Settings, SettingsError


def chosen(settings: Settings) -> Mailer:
    """Raises SettingsError for a mail server that cannot be used."""
    if not settings.smtp_url:
        return PrintedMailer()
    try:
        relay = parse_relay(settings.smtp_url)
    except RelayError as error:
        raise SettingsError(f"SENT_SMTP_URL {error}") from None
    try:
        sender = parse_sender(settings.mail_from)
    except RelayError as error:
        raise SettingsError(f"SENT_MAIL_FROM {error}") from None
    return SmtpMailer(relay, sender, timeout_s=settings.smtp_timeout_ms / 1000)
