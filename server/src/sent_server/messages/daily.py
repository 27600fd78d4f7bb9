"""Daily message quotas (UTC) of the organizations for which an operator has set one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sent_server.db import Tx
from sent_server.http.caller import Caller
from sent_server.kernel import timestamps
from sent_server.messages import store
from sent_server.messages.model import SendCommand

NAME = "messages_per_day"


@dataclass(slots=True)
class DailyQuotas:
    """The rest of each organization's quota, and the number taken by this transaction."""

    day: str
    left: dict[str, int]
    taken: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    async def of(cls, tx: Tx, commands: Sequence[SendCommand]) -> "DailyQuotas":
        """Queries the database only for organizations that have a quota."""
        day = timestamps.day(commands[0].now_ms)
        quotas = {c.caller.organization_id: c.caller.quotas[NAME] for c in commands if NAME in c.caller.quotas}
        left = {
            organization_id: quota - await store.sent_today(tx, organization_id, day)
            for organization_id, quota in sorted(quotas.items())
        }
        return cls(day, left)

    def take(self, caller: Caller, count: int) -> bool:
        """Take `count` from the quota. Returns False and takes nothing if less is left."""
        left = self.left.get(caller.organization_id)
        if left is None:
            return True
        if count > left:
            return False
        self.left[caller.organization_id] = left - count
        self.taken[caller.organization_id] = self.taken.get(caller.organization_id, 0) + count
        return True

    async def write(self, tx: Tx) -> None:
        for organization_id, count in sorted(self.taken.items()):
            await store.add_sent(tx, organization_id, self.day, count)
