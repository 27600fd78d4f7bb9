"""The installation on which operations work."""

from collections.abc import Callable

from sent_server.app import Platform
from sent_server.bus import Bus
from sent_server.db import Database
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.users.invitations import Invitations


@value_object
class Operator:
    """An opened installation.

    `base_url` is its public address. `forget` clears a running server's caches of keys and accounts.
    """

    database: Database
    sealer: Sealer
    clock: SystemClock
    bus: Bus
    office: Invitations
    user_quota: int
    base_url: str
    forget: Callable[[], None]

    @classmethod
    def of(cls, platform: Platform) -> "Operator":
        parts = platform.parts
        return cls(
            parts.database,
            parts.sealer,
            parts.clock,
            parts.bus,
            Invitations(parts.sealer, parts.base_url),
            parts.settings.user_quota,
            parts.base_url,
            parts.forget_callers,
        )
