"""Group commit: writes that are queued during a commit share the next one. There is no timer."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sent_server.db.database import Batch, Tx
from sent_server.db.errors import StorageUnavailableError

MAX_WAITING = 20_000
MAX_GROUP_WEIGHT = 1_000


def _new_future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class QueuedWrite:
    """A queued write: either `plain`, or a `command` of the use case `batch`."""

    plain: Callable[[Tx], Awaitable[Any]] | None = None
    batch: Batch[Any, Any] | None = None
    command: Any = None
    weight: int = 1
    done: asyncio.Future[Any] = field(default_factory=_new_future)

    def succeed(self, result: Any) -> None:
        if not self.done.done():
            self.done.set_result(result)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class WriteQueue:
    """The queue of a writer."""

    def __init__(self) -> None:
        self._members: deque[QueuedWrite] = deque()
        self._arrived = asyncio.Event()

    def add(self, member: QueuedWrite) -> None:
        if len(self._members) >= MAX_WAITING:
            raise StorageUnavailableError("too many writes are waiting; try again shortly")
        self._members.append(member)
        self._arrived.set()

    async def next_group(self) -> list[QueuedWrite]:
        while not self._members:
            self._arrived.clear()
            await self._arrived.wait()
        group: list[QueuedWrite] = []
        weight = 0
        while self._members and (not group or weight + self._members[0].weight <= MAX_GROUP_WEIGHT):
            member = self._members.popleft()
            if not member.done.done():
                group.append(member)
                weight += member.weight
        return group

    def fail_all(self, error: Exception) -> None:
        while self._members:
            self._members.popleft().fail(error)


def by_use_case(group: Sequence[QueuedWrite]) -> tuple[dict[Batch[Any, Any], list[QueuedWrite]], list[QueuedWrite]]:
    """Split a group into the commands of each batched use case, and the plain writes."""
    batched: dict[Batch[Any, Any], list[QueuedWrite]] = {}
    plain: list[QueuedWrite] = []
    for member in group:
        if member.batch is None:
            plain.append(member)
        else:
            batched.setdefault(member.batch, []).append(member)
    return batched, plain
