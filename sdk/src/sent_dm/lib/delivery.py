"""messages.wait_until_delivered: ask again, at growing intervals. In production webhooks are the better way."""

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sent_dm.core.settings import as_timeout
from sent_dm.exceptions import DeliveryTimeoutError, MessageFailedError
from sent_dm.resource import AsyncResource, SyncResource

if TYPE_CHECKING:
    from sent_dm.types import Message

ARRIVED = frozenset({"DELIVERED", "READ"})
LOST = frozenset({"FAILED", "CANCELLED", "FILTERED", "BLOCKED"})
FIRST_S = 0.2
MAX_S = 5.0


def waits(message_id: str, timeout: float) -> Generator[float, "Message", "Message"]:
    """Yields how many seconds to wait before the next look; takes the message as it then is.

    Returns it when it has arrived. Raises MessageFailedError, DeliveryTimeoutError.
    """
    as_timeout(timeout)
    deadline_s = time.monotonic() + timeout
    wait_s = FIRST_S
    message = yield 0.0
    while True:
        status = str(message.status).upper()
        if status in ARRIVED:
            return message
        if status in LOST:
            raise MessageFailedError(f"Message {message_id} is {status}{_why(message)}", message)
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise DeliveryTimeoutError(f"Message {message_id} is still {status} after {timeout:g} s", message)
        message = yield min(wait_s, left_s)
        wait_s = min(wait_s * 1.5, MAX_S)


def _why(message: "Message") -> str:
    told = [event.description for event in message.events or () if event.description]
    return f": {told[-1]}" if told else ""


class Waiting(SyncResource):
    if TYPE_CHECKING:

        def retrieve_status(self, id: str) -> Any: ...

    def wait_until_delivered(self, id: str, *, timeout: float = 60.0) -> "Message":
        """The message, once it is DELIVERED or READ. `timeout` is in seconds.

        Raises MessageFailedError, DeliveryTimeoutError, APIError.
        """
        steps = waits(id, timeout)
        wait_s = next(steps)
        while True:
            time.sleep(wait_s)
            try:
                wait_s = steps.send(self.retrieve_status(id).data)
            except StopIteration as done:
                return done.value


class AsyncWaiting(AsyncResource):
    if TYPE_CHECKING:

        async def retrieve_status(self, id: str) -> Any: ...

    async def wait_until_delivered(self, id: str, *, timeout: float = 60.0) -> "Message":
        """The message, once it is DELIVERED or READ. `timeout` is in seconds.

        Raises MessageFailedError, DeliveryTimeoutError, APIError.
        """
        steps = waits(id, timeout)
        wait_s = next(steps)
        while True:
            await self._client.sleep(wait_s)
            try:
                wait_s = steps.send((await self.retrieve_status(id)).data)
            except StopIteration as done:
                return done.value
