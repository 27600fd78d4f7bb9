"""Configures channels and looks them up."""

from collections.abc import Sequence

from sent_server.channels import store
from sent_server.channels.model import ChannelConfig
from sent_server.db import Tx


async def configured(tx: Tx, owners: Sequence[tuple[str, str]]) -> dict[str, dict[str, ChannelConfig]]:
    """Channels by customer and name. `owners` are (customer_id, organization_id). One statement for all.

    A profile without its own channel uses that of its organization.
    """
    wanted = sorted({customer_id for owner in owners for customer_id in owner})
    own: dict[str, dict[str, ChannelConfig]] = {}
    for customer_id, config in await store.of_customers(tx, wanted):
        own.setdefault(customer_id, {})[config.channel] = config
    return {
        customer_id: {**own.get(organization_id, {}), **own.get(customer_id, {})}
        for customer_id, organization_id in owners
    }


async def configure(
    tx: Tx,
    customer_id: str,
    channel: str,
    *,
    carrier: str,
    sender: str,
    business_name: str | None = None,
    now_ms: int,
) -> None:
    """Create or change a channel."""
    await store.put(tx, customer_id, ChannelConfig(channel, carrier, sender, business_name), now_ms=now_ms)


async def throughput(tx: Tx, carrier: str, senders: Sequence[str]) -> dict[str, int]:
    """Messages per second of the senders with a limit."""
    return await store.throughput(tx, carrier, senders)


async def set_throughput(tx: Tx, customer_id: str, channel: str, messages_per_second: int | None) -> bool:
    """None removes the limit. Returns False if the customer has not configured the channel itself."""
    return await store.set_throughput(tx, customer_id, channel, messages_per_second) > 0


async def owner_of_sender(tx: Tx, carrier: str, channel: str, sender: str) -> str | None:
    """The customer whose number received an inbound message. If two share it, the first that configured it."""
    return await store.owner_of_sender(tx, carrier, channel, sender)


async def sender_taken(tx: Tx, carrier: str, sender: str) -> bool:
    """Whether any customer uses the number. Deleted profiles do not count."""
    return await store.sender_taken(tx, carrier, sender)
