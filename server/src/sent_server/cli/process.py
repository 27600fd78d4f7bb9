"""The parts of every server process: limits, signals, garbage collection and graceful shutdown."""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
from typing import Any

from sent_server.app import Platform
from sent_server.composition import ProcessRole
from sent_server.health import HealthState, ProcessHealth
from sent_server.http.server import serve

MANY_FILES = 65_536


def tame_garbage_collection() -> None:
    """Exclude the objects of startup from collection: scanning them causes 30 ms pauses under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def allow_many_connections() -> None:
    """Raise the limit of open files: shells start with 1,024, and each connection is a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def works() -> bool:
    """False in benchmarks and tests that need a server without background work."""
    return not os.environ.get("SENT_BENCH_NO_WORKERS")


def stop_on_signals() -> asyncio.Event:
    """An event that the first signal sets. The second signal exits immediately, which is safe at any time."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


def served(platform: Platform, bound: socket.socket) -> contextlib.AbstractAsyncContextManager[asyncio.Task[None]]:
    """The HTTP server of a platform; see `http.server.serve`."""
    settings = platform.parts.settings
    return serve.served(
        platform.asgi,
        bound,
        doc_url_base=platform.parts.doc_url_base,
        max_connections=settings.max_connections,
        max_connections_per_address=settings.max_connections_per_address,
    )


async def serve_until(stop: asyncio.Event, serving: asyncio.Task[None] | None, health: ProcessHealth) -> None:
    """Wait until `stop` is set or the server fails.

    Raises SchemaTooNewError if an incompatible migration is applied meanwhile, because continuing could damage data.
    """
    stopping, outdated = asyncio.create_task(stop.wait()), asyncio.create_task(health.until_outdated())
    reasons: set[asyncio.Task[Any]] = {stopping, outdated, *([serving] if serving else [])}
    await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if outdated.done():
        outdated.result()
    outdated.cancel()


async def say_goodbye(platform: Platform) -> None:
    """Stop gracefully: claim no more work, and wait for the current work.

    A process that serves requests fails readiness checks and keeps serving for `drain_ms`, so that load balancers
    notice. A worker gets no requests, so it does not wait.
    """
    platform.health.state = HealthState.DRAINING
    ending = platform.end_work()
    if platform.role is not ProcessRole.WORKER:
        await asyncio.sleep(platform.parts.settings.drain_ms / 1000)
    await asyncio.wait({ending})
