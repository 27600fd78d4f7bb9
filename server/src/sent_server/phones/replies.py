"""Messages from a handset to a number of the caller's account."""

from collections.abc import Sequence

from sent_server.carriers.base import Attachment
from sent_server.carriers.simulator import handsets
from sent_server.carriers.simulator.adapter import NAME
from sent_server.carriers.simulator.model import HandsetMessage
from sent_server.channels import service as channels
from sent_server.connections.model import SenderKind
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller
from sent_server.kernel.channels import Channel


async def write(
    tx: Tx,
    caller: Caller,
    phone: str,
    *,
    channel: str,
    text: str,
    media: Sequence[Attachment] = (),
    to: str | None,
    now_ms: int,
) -> HandsetMessage:
    """Write to a number of the caller on the channel, by default to its first. The network delivers it to the inbox.

    Raises VALIDATION_006 if the account's channel is not simulated, and VALIDATION_001 for a number of another account.
    """
    usable = await channels.senders_of(tx, caller.customer_id, caller.organization_id, channel)
    senders = [
        sender.value for sender in usable if sender.connection_id == NAME and sender.kind != SenderKind.ALPHANUMERIC
    ]
    if not senders:
        raise ApiError("VALIDATION_006", details={"channel": [f"The account has no simulated {channel} number"]})
    # A tenant must not write to another tenant's number.
    if to is not None and to not in senders:
        raise ApiError("VALIDATION_001", details={"to": [f"The account's {channel} number is {' or '.join(senders)}"]})
    return await handsets.reply(
        tx,
        caller.customer_id,
        phone,
        channel=Channel(channel),
        to=to or senders[0],
        text=text,
        media=media,
        now_ms=now_ms,
    )
