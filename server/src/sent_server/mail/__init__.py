"""The outbox: emails are stored in the transaction that causes them, and sent afterwards.

A crash loses no email. A crash between the relay's acceptance and our commit sends an email twice, with the same id.
"""

from sent_server.mail.outbox import KIND, LEASE_MS, cancel, enqueue, kind
from sent_server.mail.store import MailProgress, forget_old, progress

__all__ = ["KIND", "LEASE_MS", "MailProgress", "cancel", "enqueue", "forget_old", "kind", "progress"]
