"""Configures channels and looks them up."""

from collections.abc import Iterator, Sequence

from sent_server.channels import store
from sent_server.channels.model import ChannelConfig
from sent_server.connections import service as connections
from sent_server.connections.model import Sender, SenderKind
from sent_server.connections.service import Senders
from sent_server.db import Tx
from sent_server.kernel import phone
from sent_server.kernel.channels import MMS, MMS_COUNTRIES, SMS

_MMS = MMS.value  # a plain text, as the other names


async def configured(tx: Tx, owners: Sequence[tuple[str, str]]) -> dict[str, dict[str, ChannelConfig]]:
    """Channels by customer and name. `owners` are (customer_id, organization_id). One statement for all.

    A profile without its own channel uses that of its organization. MMS goes from the SMS numbers of some markets, if
    the account sends MMS.
    """
    return {
        customer_id: {channel: _config(channel, usable) for channel, usable in _with_mms(senders) if usable}
        for customer_id, senders in (await connections.active_senders(tx, owners)).items()
    }


async def senders_of(tx: Tx, customer_id: str, organization_id: str, channel: str) -> Sequence[Sender]:
    """Everything that the account may send from on a channel, its default first."""
    usable = (await connections.active_senders(tx, [(customer_id, organization_id)]))[customer_id]
    return dict(_with_mms(usable)).get(channel, ())


def _with_mms(senders: Senders) -> Iterator[tuple[str, Sequence[Sender]]]:
    yield from senders.items()
    yield _MMS, [sender for sender in senders.get(SMS, ()) if sender.mms and _carries_mms(sender)]


def _carries_mms(sender: Sender) -> bool:
    return sender.kind in (SenderKind.NUMBER, SenderKind.SHORT_CODE) and _country(sender) in MMS_COUNTRIES


def _country(sender: Sender) -> str | None:
    """The country of its market or, for a default sender, of its number."""
    return sender.country or (phone.region(sender.value) if phone.is_e164(sender.value) else None)


def _config(channel: str, senders: Sequence[Sender]) -> ChannelConfig:
    default = senders[0]
    by_country = _by_country(senders) if len(senders) > 1 else ()
    return ChannelConfig(
        channel,
        default.connection_id,
        default.value,
        default.business_name,
        default.messages_per_second,
        by_country,
        tuple((sender.value, sender.connection_id) for sender in senders) if len(senders) > 1 else (),
    )


def _by_country(senders: Sequence[Sender]) -> tuple[tuple[str, str, str], ...]:
    """The first sender of each country, unless the default sender is one."""
    default = senders[0]
    at_home = _country(default)
    found: dict[str, tuple[str, str, str]] = {}
    for sender in senders[1:]:
        if sender.country is not None and sender.country != at_home:
            found.setdefault(sender.country, (sender.country, sender.connection_id, sender.value))
    return tuple(found.values())


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
    await store.put(
        tx, customer_id, channel, carrier=carrier, sender=sender, business_name=business_name, now_ms=now_ms
    )


async def set_throughput(tx: Tx, customer_id: str, channel: str, messages_per_second: int | None) -> bool:
    """None removes the limit. Returns False if the customer has not configured the channel itself."""
    return await store.set_throughput(tx, customer_id, channel, messages_per_second) > 0
