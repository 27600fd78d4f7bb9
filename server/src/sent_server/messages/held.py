"""Messages that wait for their time: how many there are, and their jobs. `release` sends them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sent_server.db import Tx
from sent_server.jobs import JobRow
from sent_server.kernel import timestamps
from sent_server.messages import round_store, schedule
from sent_server.messages.model import SendCommand

# The kind of job that releases a message. Its jobs are never hinted, because they are not due when they are written.
RELEASE = "release"
# `schedule_reason` of message.scheduled.
USER_SCHEDULED = "USER_SCHEDULED"


@dataclass(slots=True)
class HeldMessages:
    """How many messages each customer may still schedule, and the number scheduled by this transaction."""

    left: dict[str, int]
    taken: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    async def of(cls, tx: Tx, commands: Sequence[SendCommand]) -> "HeldMessages":
        """Queries the database only for customers that schedule messages."""
        customers = {c.caller.customer_id for c in commands if c.request.scheduled_at_ms is not None}
        return cls({
            customer_id: schedule.MAX_HELD - await round_store.lock_held(tx, customer_id)
            for customer_id in sorted(customers)
        })  # fmt: skip

    def take(self, customer_id: str, count: int) -> bool:
        """Returns False and takes nothing if fewer are left."""
        if count > self.left[customer_id]:
            return False
        self.left[customer_id] -= count
        self.taken[customer_id] = self.taken.get(customer_id, 0) + count
        return True

    async def write(self, tx: Tx) -> None:
        if self.taken:
            await round_store.add_held(tx, self.taken.items())


def job(message_id: str, customer_id: str, scheduled_at_ms: int, *, now_ms: int) -> JobRow:
    """The job that releases a message. Every customer has a queue of its own."""
    return JobRow(message_id, RELEASE, customer_id, customer_id, scheduled_at_ms, now_ms)


def description(scheduled_at_ms: int) -> str:
    return f"Held until {timestamps.iso_seconds(scheduled_at_ms)}"
