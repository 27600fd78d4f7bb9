"""Opens the bus for a URL: empty for hints inside this process, or `nats://HOST:PORT`."""

from sent_server.bus import nats
from sent_server.bus.local import LocalBus
from sent_server.bus.nats import NatsBus


async def open_bus(url: str, *, installation: str) -> LocalBus | NatsBus:
    """`installation` separates installations that share a broker. Raises BusError with a reason for the operator."""
    if not url:
        return LocalBus()
    return await NatsBus.connect(nats.servers_of(url), installation=installation)
