"""The outbox: letters written in the transaction that causes them, and handed to the mailer afterwards.

A crash loses no letter; between the relay's yes and our note of it, it may make one go twice, with the same id.
"""

from sent_server.mail.outbox import KIND, LEASE_MS, cancel, enqueue, kind
from sent_server.mail.store import MailProgress, forget_old, progress

__all__ = ["KIND", "LEASE_MS", "MailProgress", "cancel", "enqueue", "forget_old", "kind", "progress"]
