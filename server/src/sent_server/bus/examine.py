"""Examines a broker without changing it."""
# nats-py leaves parts of its types open.
# pyright: reportUnknownMemberType=false

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from sent_server.bus import nats
from sent_server.kernel.values import value_object


@value_object
class Stream:
    name: str
    messages: int
    consumers: int


@value_object
class Broker:
    """`stream` is None until a process has created it. `is_small`: JetStream's memory limit is below the stream's."""

    version: str
    stream: Stream | None
    is_small: bool


async def examine(url: str, *, installation: str) -> Broker:
    """Raises BusError when no server answers, or when it has no JetStream."""
    servers = nats.servers_of(url)
    client = Client()
    last: list[Exception] = []

    async def on_error(error: Exception) -> None:
        last[:] = [error]

    try:
        async with nats.explained(client, servers, last):
            await client.connect(
                list(servers), name="sent doctor", allow_reconnect=False, connect_timeout=2, error_cb=on_error
            )
            context = client.jetstream()
            account = await context.account_info()
            number = client.connected_server_version
            version = f"{number.major}.{number.minor}.{number.patch}"
            allowed = account.limits.max_memory or -1
            is_small = 0 <= allowed < nats.MAX_BYTES
            try:
                info = await context.stream_info(f"sent_{installation}")
            except NotFoundError:
                return Broker(version, None, is_small)
            name = info.config.name or ""
            return Broker(version, Stream(name, info.state.messages, info.state.consumer_count), is_small)
    finally:
        await nats.closed(client)
