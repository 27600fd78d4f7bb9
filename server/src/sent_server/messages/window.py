"""The window of free text: how long after a person's message a text without a template may be sent.

WhatsApp takes such texts for 24 hours after the last message that the person sent there. An operator may demand a
conversation on the other channels too; for them, a message on any channel counts. Our own messages and templates do
not open a window.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sent_server.db import Tx
from sent_server.kernel import ids
from sent_server.kernel.channels import CHANNELS, WHATSAPP
from sent_server.messages import store

OPEN_FOR_MS: Final = 24 * 3_600_000
# The option of an account that demands a conversation on every channel.
OPTION: Final = "text_needs_conversation"
# By contact: the channels on which it has written within the window.
Windows = Mapping[str, frozenset[str]]
NOTHING_HEARD: frozenset[str] = frozenset()


async def recent(tx: Tx, customer_id: str, contact_ids: Sequence[str], *, now_ms: int) -> Windows:
    """The channels of the messages that each contact has sent to this account within the window, in one statement."""
    since_ms = now_ms - OPEN_FOR_MS
    rows = await store.heard_since(tx, customer_id, contact_ids, since_id=ids.first_at(since_ms + 1))
    found: dict[str, frozenset[str]] = {}
    for contact_id, channel in rows:
        found[contact_id] = found.get(contact_id, NOTHING_HEARD) | {channel}
    return found


def closed(heard: Collection[str], *, needs_conversation: bool) -> frozenset[str]:
    """The channels that take no text from us. `heard` are the channels on which the contact has written."""
    shut = {WHATSAPP.value} - {*heard}
    if needs_conversation and not heard:
        shut.update(CHANNELS)
    return frozenset(shut)
