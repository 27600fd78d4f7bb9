"""Opens the bus that a URL names: nothing for hints inside this process, or `nats://HOST:PORT`."""

from urllib.parse import urlsplit

from sent_server.bus.errors import BusError
from sent_server.bus.local import LocalBus
from sent_server.bus.nats import NatsBus


async def open_bus(url: str, *, installation: str) -> LocalBus | NatsBus:
    """`installation` keeps those apart that share a broker. Raises BusError with a reason for the operator."""
    if not url:
        return LocalBus()
    servers = [server.strip() for server in url.split(",")]
    for server in servers:
        if urlsplit(server).scheme not in ("nats", "tls"):
            raise BusError(f"SENT_BUS_URL is {url!r}; write nats://HOST:4222, or leave it empty for one process")
    return await NatsBus.connect(servers, installation=installation)
