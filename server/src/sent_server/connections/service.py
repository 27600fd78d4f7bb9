"""Looks up connections and senders."""

from collections.abc import Iterable, Mapping, Sequence

from sent_server.connections import store
from sent_server.connections.model import Connection, Sender
from sent_server.db import Tx
from sent_server.kernel.channels import MMS, SMS

# The senders of an account by channel. The first of a channel is its default.
Senders = Mapping[str, Sequence[Sender]]


async def active_senders(tx: Tx, owners: Sequence[tuple[str, str]]) -> dict[str, Senders]:
    """The senders that each account may use now. `owners` are (customer_id, organization_id). One statement for all.

    A profile without a default sender on a channel also uses those of its organization.
    """
    wanted = sorted({customer_id for owner in owners for customer_id in owner})
    own: dict[str, dict[str, list[Sender]]] = {}
    for customer_id, sender in await store.active(tx, wanted):
        own.setdefault(customer_id, {}).setdefault(sender.channel, []).append(sender)
    return {
        customer_id: _usable(own.get(customer_id, {}), own.get(organization_id, {}))
        for customer_id, organization_id in owners
    }


def _usable(own: Senders, of_organization: Senders) -> Senders:
    found: dict[str, Sequence[Sender]] = {}
    for channel in {**of_organization, **own}:
        senders = _in_order(own.get(channel, ()))
        if own is not of_organization and not (senders and senders[0].is_default):
            inherited = _in_order(of_organization.get(channel, ()))
            senders = _in_order([*senders, *inherited]) if inherited else senders
        found[channel] = senders
    return found


def _in_order(senders: Iterable[Sender]) -> Sequence[Sender]:
    """The default first, then the oldest."""
    return sorted(senders, key=lambda sender: (not sender.is_default, sender.created_at_ms, sender.value))


async def owner_of_sender(tx: Tx, connection_id: str, channel: str, value: str) -> str | None:
    """The customer whose number received an inbound message. If two share it, the first that got it."""
    return await store.owner(tx, connection_id, SMS if channel == MMS else channel, value)


async def sender_taken(tx: Tx, connection_id: str, value: str) -> bool:
    """Whether any customer uses the sender. Deleted profiles do not count."""
    return await store.taken(tx, connection_id, value)


async def taken_by_others(tx: Tx, customer_id: str, connection_id: str, value: str) -> bool:
    """Whether an account of another organization uses the sender."""
    return await store.taken_by_others(tx, customer_id, connection_id, value)


async def add(tx: Tx, customer_id: str, sender: Sender) -> None:
    """Let an account send from it on its channel, in addition to its default sender."""
    await store.add(tx, customer_id, sender)


async def own_senders(tx: Tx, customer_ids: Sequence[str]) -> dict[str, Senders]:
    """The active senders of each account itself, without those of its organization. One statement for all."""
    found: dict[str, dict[str, list[Sender]]] = {customer_id: {} for customer_id in customer_ids}
    for customer_id, sender in await store.active(tx, sorted(found)):
        found[customer_id].setdefault(sender.channel, []).append(sender)
    return {
        customer_id: {channel: _in_order(senders) for channel, senders in channels.items()}
        for customer_id, channels in found.items()
    }


async def throughput(tx: Tx, connection_id: str, values: Sequence[str]) -> dict[str, int]:
    """Messages per second of the senders with a limit."""
    return await store.throughput(tx, connection_id, values)


async def list_connections(tx: Tx) -> list[tuple[Connection, int]]:
    """All connections of the installation and its customers, with the number of their active senders."""
    counts = await store.count_senders(tx)
    return [(one, counts.get(one.id, 0)) for one in await store.connections(tx)]
