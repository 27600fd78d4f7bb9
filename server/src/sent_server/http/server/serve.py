"""Runs the ASGI application in the event loop of the workers. The caller handles signals."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncGenerator

import structlog
from starlette.types import ASGIApp

from sent_server.http.server.connection import ServerConnection
from sent_server.http.server.states import Served
from sent_server.http.server.table import ConnectionTable

log = structlog.get_logger()
BACKLOG = 2_048
# The kernel buffers at most this much of an unread response per connection (Linux doubles it).
SEND_BUFFER_BYTES = 64 * 1024
SHUTDOWN_S = 5.0
# Open files reserved for the database, the bus and webhooks.
MAX_SPARED_FILES = 512


@contextlib.asynccontextmanager
async def served(
    asgi: ASGIApp, bound: socket.socket, *, doc_url_base: str, max_connections: int, max_connections_per_address: int
) -> AsyncGenerator[asyncio.Task[None]]:
    """Serve requests while the block runs, then finish those in flight. The task ends early only on a failure."""
    table = ConnectionTable(max_connections=_affordable(max_connections), max_per_address=max_connections_per_address)
    common = Served(asgi, table, doc_url_base)
    loop = asyncio.get_running_loop()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)  # accepted sockets inherit it
    server = await loop.create_server(lambda: ServerConnection(common), sock=bound, backlog=BACKLOG)
    sweeper = asyncio.create_task(table.sweep(), name="web")
    try:
        yield sweeper
    finally:
        server.close()
        await _drain(table)
        sweeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeper


def _affordable(wanted: int) -> int:
    """Without a free file descriptor accept() fails, so connections could not even be refused."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return wanted
    most = files - min(MAX_SPARED_FILES, files // 2)
    if most < wanted:
        log.warning("http.connections_limited_by_open_files", max_connections=most, open_files=files)
    return min(wanted, most)


async def _drain(table: ConnectionTable) -> None:
    table.shut_down()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SHUTDOWN_S):
            await table.emptied.wait()
            await asyncio.gather(*table.tasks.values(), return_exceptions=True)
    table.abort_all()
    running = list(table.tasks.values())
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
