"""Pulls one process's share of a topic's ids from the work queue, a batch at a time, when the worker is free."""
# pyright: reportUnknownMemberType=false

import re
import time
from collections.abc import Callable, Sequence

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

MESSAGES_PER_REQUEST = 20
BYTES_PER_REQUEST = 24_000  # about 600 ids, and more than the largest message
REQUEST_LASTS_S = 5
NO_RESPONDERS = "503"


class Pull:
    """`on_ids` runs when ids arrive, `on_missing` when the broker does not know our consumer."""

    def __init__(
        self, client: Client, stream: str, topic: str, *, on_ids: Callable[[], None], on_missing: Callable[[], None]
    ) -> None:
        self.subject = f"{stream}.ids.{topic}"
        self.consumer = re.sub(r"\W", "_", topic)
        self._client = client
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{self.consumer}"
        self._inbox = client.new_inbox()
        self._on_ids = on_ids
        self._on_missing = on_missing
        self._ids: list[str] = []
        self._listening = False
        self._asked_until_s = 0.0
        self._owed = 0

    async def listen(self) -> None:
        """Call each time the consumer has been set up."""
        self._asked_until_s = 0.0
        if not self._listening:
            await self._client.subscribe(self._inbox, cb=self._on_message)
            self._listening = True
        self._on_ids()

    def take(self) -> Sequence[str]:
        ids, self._ids = self._ids, []
        return ids

    async def ask(self) -> None:
        """Request another batch, unless a request is pending."""
        now_s = time.monotonic()
        if not self._listening or now_s < self._asked_until_s:
            return
        self._asked_until_s = now_s + REQUEST_LASTS_S
        self._owed = MESSAGES_PER_REQUEST
        request = {
            "batch": MESSAGES_PER_REQUEST,
            "max_bytes": BYTES_PER_REQUEST,
            "expires": REQUEST_LASTS_S * 1_000_000_000,
        }
        await self._client.publish(self._next, orjson.dumps(request), reply=self._inbox)

    async def _on_message(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status:
            self._asked_until_s = 0.0
            if status == NO_RESPONDERS:
                self._on_missing()
            return
        # Acknowledged before use: the sweep of the job table finds the ids of a process that dies.
        await self._client.publish(message.reply, b"+ACK")
        self._ids += message.data.decode().split()
        self._owed -= 1
        if self._owed <= 0:
            self._asked_until_s = 0.0
        self._on_ids()
