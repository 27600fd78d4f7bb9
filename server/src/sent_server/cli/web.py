"""Runs the ASGI application in the loop that also runs the workers. Signals belong to the caller."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator

import uvicorn
from starlette.types import ASGIApp

from sent_server.cli import protocol

# Clients pool connections for minutes; closing early makes them meet a reset.
KEEP_ALIVE_S = 75
SHUTDOWN_S = 5


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@contextlib.asynccontextmanager
async def served(asgi: ASGIApp, bound: socket.socket, *, doc_url_base: str) -> AsyncGenerator[asyncio.Task[None]]:
    """Answer requests while the block runs, then finish those in flight. The task ends early only by a fault."""
    server = _Server(
        uvicorn.Config(
            asgi,
            loop="none",
            http=protocol.guarded(doc_url_base),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[bound]), name="web")
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait({task, listening}, return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    try:
        yield task
    finally:
        server.should_exit = True
        await task
