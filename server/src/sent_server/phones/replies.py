"""Messages from a handset to a number of the caller's account."""

from sent_server.carriers.simulator import handsets
from sent_server.carriers.simulator.adapter import NAME
from sent_server.carriers.simulator.model import HandsetMessage
from sent_server.channels import service as channels
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller
from sent_server.kernel.channels import Channel


async def write(
    tx: Tx, caller: Caller, phone: str, *, channel: str, text: str, to: str | None, now_ms: int
) -> HandsetMessage:
    """Write to the caller's number on the channel. The network delivers the message to the inbox.

    Raises VALIDATION_006 if the account's channel is not simulated, and VALIDATION_001 for a number of another account.
    """
    configured = await channels.configured(tx, [(caller.customer_id, caller.organization_id)])
    config = configured.get(caller.customer_id, {}).get(channel)
    if config is None or config.carrier != NAME:
        raise ApiError("VALIDATION_006", details={"channel": [f"The account has no simulated {channel} number"]})
    # A tenant must not write to another tenant's number.
    if to is not None and to != config.sender:
        raise ApiError("VALIDATION_001", details={"to": [f"The account's {channel} number is {config.sender}"]})
    return await handsets.reply(
        tx, caller.customer_id, phone, channel=Channel(channel), to=config.sender, text=text, now_ms=now_ms
    )
