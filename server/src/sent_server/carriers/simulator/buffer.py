"""The write buffer of the simulated network: messages on handsets, and their scheduled receipts and replies."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from sent_server.carriers.base import Attachment, MessageContent, Submission
from sent_server.carriers.simulator import scheduled_store, store
from sent_server.carriers.simulator.behaviour import Behaviour
from sent_server.carriers.simulator.model import Direction
from sent_server.carriers.simulator.scheduled_store import MemoryRow, Scheduled
from sent_server.carriers.simulator.store import HandsetMessageRow
from sent_server.db import Tx
from sent_server.kernel.channels import Channel

_TO_PHONE, _FROM_PHONE = Direction.TO_PHONE.value, Direction.FROM_PHONE.value


class WriteBuffer:
    """Collects rows for a batch of submissions or replies. `write` stores them with one statement per table."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.decided: defaultdict[str, list[Behaviour]] = defaultdict(list)
        self.memories: list[MemoryRow] = []
        self._messages: list[HandsetMessageRow] = []
        self._due: list[Scheduled] = []
        self._repeats: list[tuple[str, str]] = []

    def take(self, submission: Submission, found: Behaviour) -> None:
        """Add a message for the handset, with its receipts and reply."""
        now_ms, customer_id, attempt_id = self.now_ms, submission.customer_id, submission.attempt_id
        content = submission.content
        row = HandsetMessageRow(
            customer_id=customer_id,
            id=attempt_id,
            phone=submission.recipient,
            direction=_TO_PHONE,
            channel=submission.channel.value,
            sender=submission.sender,
            message_id=submission.message_id,
            text=content.content,
            extras_json=_extras(content),
            at_ms=now_ms,
            delivered_at_ms=_at(now_ms, found.delivered_after_ms),
            read_at_ms=_at(now_ms, found.read_after_ms),
            failed_at_ms=_at(now_ms, found.failed_after_ms),
        )
        self._messages.append(row)
        for number, step in enumerate(found.steps):
            due = Scheduled(
                now_ms + step.after_ms, attempt_id, number, customer_id, f"{attempt_id}.{step.event}",
                step.kind.value, step.error_code,
            )  # fmt: skip
            self._due.append(due)
        if found.reply:
            text = content.content if found.reply.text is None else found.reply.text
            at_ms = now_ms + found.reply.after_ms
            self.reply(
                customer_id, f"{attempt_id}.reply", submission.recipient, submission.channel, submission.sender, text,
                at_ms=at_ms,
            )  # fmt: skip

    def reply(
        self,
        customer_id: str,
        id: str,
        phone: str,
        channel: Channel,
        sender: str,
        text: str,
        *,
        media: Sequence[Attachment] = (),
        at_ms: int,
    ) -> None:
        """Add a message from the handset to our number `sender`."""
        extras = orjson.dumps({"media": media}).decode() if media else None
        row = HandsetMessageRow(
            customer_id, id, phone, _FROM_PHONE, channel.value, sender, None, text, extras, at_ms, None, None, None
        )
        self._messages.append(row)
        self._due.append(Scheduled(at_ms, id, 0, customer_id, id, "reply", None))

    def repeat(self, submission: Submission) -> None:
        self._repeats.append((submission.customer_id, submission.attempt_id))

    async def write(self, tx: Tx) -> None:
        await store.insert_messages(tx, self._messages)
        await scheduled_store.insert(tx, self._due)
        await store.count_duplicates(tx, self._repeats)
        await scheduled_store.remember(tx, sorted(self.memories))


def _at(now_ms: int, after_ms: int | None) -> int | None:
    return None if after_ms is None else now_ms + after_ms


def _extras(content: MessageContent) -> str | None:
    """Header, footer, buttons and media. Most messages have none."""
    if not (content.header or content.footer or content.buttons or content.media or content.subject):
        return None
    extras: dict[str, Any] = {"header": content.header, "footer": content.footer, "buttons": content.buttons}
    extras |= {"header_media": content.header_media, "location": content.location}
    extras |= {"media": content.media, "subject": content.subject}
    return orjson.dumps(extras).decode()
