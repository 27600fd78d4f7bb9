"""The outbox of emails."""

from collections.abc import Awaitable

from sent_server.db import Tx
from sent_server.mail import outbox, store
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    def forget_mails(tx: Tx, now_ms: int) -> Awaitable[int]:
        return store.forget_old(tx, before_ms=now_ms - parts.settings.mail_retention_ms)

    return Installed(kinds=[outbox.kind(parts.sealer, parts.mailer)], chores=[forget_mails])
