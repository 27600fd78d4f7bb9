"""Hints between processes over NATS: ids through a JetStream work queue, wake-ups to all processes.

    hint(topic, ids) --> stream, one copy of each id --> take() of one process that requested more
    hint(topic)      --> plain message               --> wait() of every process

The stream is in memory and may lose ids; the sweep of the job table finds their jobs. While the broker is down, hints
stay inside this process. When it returns, with or without its store, everything is set up again.
"""
# nats-py leaves parts of its types open.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from urllib.parse import urlsplit

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, ServiceUnavailableError

from sent_server.bus.errors import BusError
from sent_server.bus.local import LocalBus
from sent_server.bus.pull import Pull

log = structlog.get_logger()
CONNECT_WITHIN_S = 5
CLOSE_WITHIN_S = 5
RECONNECT_EVERY_S = 0.5
SET_UP_AGAIN_AFTER_S = 1
STREAM_NAME_IN_USE = 10058
# Hints within this interval are sent together.
GATHER_S = 0.002
IDS_PER_MESSAGE = 500
MAX_AGE_S = 60
MAX_BYTES = 64 * 1024 * 1024
# uvloop raises RuntimeError for a connection that has just closed (kernel/sockets.py).
_FAILED = (NatsError, TimeoutError, OSError, RuntimeError)


class NatsBus:
    """`Bus`, for any number of processes of one installation."""

    def __init__(self, client: Client, installation: str) -> None:
        self._client = client
        self._stream = f"sent_{installation}"
        self._local = LocalBus()
        self._pulls: dict[str, Pull] = {}
        self._ids: defaultdict[str, list[str]] = defaultdict(list)
        self._wakes: set[str] = set()
        self._something = asyncio.Event()
        self._ready = False
        self._closing = False
        self._set_up_again = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def connect(cls, servers: Sequence[str], *, installation: str) -> "NatsBus":
        """Raises BusError when no server answers, or when it has no JetStream."""
        last: list[Exception] = []

        async def on_error(error: Exception) -> None:
            last[:] = [error]

        client = Client()
        bus = cls(client, installation)
        async with explained(client, servers, last):
            await client.connect(
                list(servers),
                name="sent",
                no_echo=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_EVERY_S,  # pyright: ignore[reportArgumentType]
                connect_timeout=2,
                error_cb=on_error,
                reconnected_cb=bus._on_reconnect,
                disconnected_cb=bus._on_disconnect,
            )
            await bus._set_up()
            await client.subscribe(f"{bus._stream}.wake.*", cb=bus._on_wake)
        bus._tasks = [
            asyncio.create_task(bus._publish(), name="bus-publish"),
            asyncio.create_task(bus._keep_set_up(), name="bus-set-up"),
        ]
        return bus

    def hint(self, topic: str, ids: Sequence[str] = ()) -> None:
        if not self._client.is_connected or not self._ready:
            self._local.hint(topic)
            return
        if ids:
            self._ids[topic].extend(ids)
        else:
            self._local.hint(topic)
            self._wakes.add(topic)
        self._something.set()

    def wake(self, topic: str) -> None:
        self._local.wake(topic)

    async def wait(self, topic: str, *, timeout_ms: int) -> None:
        await self._local.wait(topic, timeout_ms=timeout_ms)

    def take(self, topic: str) -> Sequence[str]:
        """Also requests the next batch, so that it is here when this one is done."""
        pull = self._pulls.get(topic)
        if pull is None:
            self._pulls[topic] = Pull(
                self._client,
                self._stream,
                topic,
                on_ids=lambda: self._local.hint(topic),
                on_missing=self._set_up_again.set,
            )
            self._set_up_again.set()
            return ()
        self._something.set()
        return pull.take()

    async def close(self) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client.is_connected:
            with contextlib.suppress(*_FAILED):
                await self._flush()
        await closed(self._client)

    async def _publish(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                await self._flush()
            except _FAILED as error:
                log.warning("bus.hints_lost", error=str(error) or type(error).__name__)
            await asyncio.sleep(GATHER_S)

    async def _flush(self) -> None:
        ids, self._ids = self._ids, defaultdict(list)
        wakes, self._wakes = self._wakes, set()
        for topic, listed in ids.items():
            for start in range(0, len(listed), IDS_PER_MESSAGE):
                payload = " ".join(listed[start : start + IDS_PER_MESSAGE]).encode()
                await self._client.publish(f"{self._stream}.ids.{topic}", payload)
        for topic in wakes:
            await self._client.publish(f"{self._stream}.wake.{topic}", b"")
        for pull in self._pulls.values():
            await pull.ask()

    async def _on_disconnect(self) -> None:
        self._ready = False
        if self._tasks and not self._closing:  # before that, the start reports the missing broker
            log.warning("bus.lost", stream=self._stream)

    async def _on_reconnect(self) -> None:
        log.warning("bus.back", stream=self._stream)
        self._set_up_again.set()

    async def _keep_set_up(self) -> None:
        while True:
            await self._set_up_again.wait()
            self._set_up_again.clear()
            try:
                await self._set_up()
            except _FAILED as error:
                log.warning("bus.not_ready", error=str(error) or type(error).__name__)
                self._set_up_again.set()
                await asyncio.sleep(SET_UP_AGAIN_AFTER_S)

    async def _set_up(self) -> None:
        """Create the stream, a consumer per pulled topic, and the subscription to wake-ups. Idempotent."""
        stream = self._client.jetstream()
        config = StreamConfig(
            name=self._stream,
            subjects=[f"{self._stream}.ids.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.MEMORY,
            discard=DiscardPolicy.OLD,
            max_age=MAX_AGE_S,
            max_bytes=MAX_BYTES,
        )
        try:
            await stream.add_stream(config)
        except APIError as error:
            if error.err_code != STREAM_NAME_IN_USE:
                raise
            await stream.update_stream(config)
        for pull in list(self._pulls.values()):
            await stream.add_consumer(
                self._stream,
                ConsumerConfig(
                    durable_name=pull.consumer,
                    filter_subject=pull.subject,
                    ack_policy=AckPolicy.EXPLICIT,
                    ack_wait=30,
                    max_ack_pending=-1,
                ),
            )
            await pull.listen()
        self._ready = True

    async def _on_wake(self, message: Msg) -> None:
        self._local.hint(message.subject.rpartition(".wake.")[2])


def servers_of(url: str) -> list[str]:
    """Raises BusError when one of them is not NATS's."""
    servers = [server.strip() for server in url.split(",")]
    for server in servers:
        if urlsplit(server).scheme not in ("nats", "tls"):
            raise BusError(f"SENT_BUS_URL is {url!r}; write nats://HOST:4222, or leave it empty for one process")
    return servers


@contextlib.asynccontextmanager
async def explained(client: Client, servers: Sequence[str], last: Sequence[Exception]) -> AsyncGenerator[None]:
    """Closes the client and raises BusError if connecting fails. `last` contains errors that the client reported."""
    shown = ", ".join(_without_password(server) for server in servers)
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            yield
    except (ServiceUnavailableError, NoStreamResponseError) as error:
        await closed(client)
        raise BusError(
            f"NATS at {shown} runs without JetStream; start it with `nats-server -js`, or add a jetstream block "
            "to its configuration"
        ) from error
    except (OSError, TimeoutError, NatsError, ValueError) as error:
        await closed(client)
        reason = _reason([error, *last])
        raise BusError(
            f"cannot reach NATS at {shown}: {reason}; start it, or correct SENT_BUS_URL (empty: no bus)"
        ) from error


def _reason(errors: Sequence[BaseException]) -> str:
    # A broker that refuses us closes the connection, sometimes before its response arrives.
    if any(isinstance(error, ConnectionResetError) or "authorization" in str(error).lower() for error in errors):
        return "it refuses the user or password, or closed the connection"
    return str(errors[-1]) or "no answer"


async def closed(client: Client) -> None:
    """Works in every state of the connection: the client raises, hangs or cancels if it breaks at that moment."""
    closing = asyncio.ensure_future(client.close())
    await asyncio.wait({closing}, timeout=CLOSE_WITHIN_S)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)


def _without_password(server: str) -> str:
    return re.sub(r"//[^@/]*@", "//", server)
