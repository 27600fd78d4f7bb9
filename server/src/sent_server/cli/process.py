"""What every long-lived process of ours does: listen to signals, tidy up memory, leave politely."""

import asyncio
import gc
import os
import signal

from sent_server.app import Platform
from sent_server.health import State


def tame_garbage_collection() -> None:
    """What start-up made lives as long as the process; looking through it again costs 30 ms pauses under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def stop_on_signals() -> asyncio.Event:
    """Set by the first signal; the second one does not wait for anything (the data is safe at any moment)."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


async def first_of(stop: asyncio.Event, serving: asyncio.Task[None] | None) -> None:
    """Until somebody asks us to stop, or the server ends by a fault."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, serving} if serving else {stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


async def say_goodbye(platform: Platform) -> None:
    """Say no to readiness checks first, and serve on until a load balancer had time to notice."""
    platform.health.state = State.DRAINING
    await asyncio.sleep(platform.settings.drain_ms / 1000)
