"""`sent up`: API, dispatcher and webhook sender in one process, with a demo account to try them."""

import asyncio
import contextlib
import gc
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from sent_server.app import Platform
from sent_server.cli import admin_socket, demofile, installation, logs, operations, ports, screen, web
from sent_server.cli.failures import CommandError
from sent_server.cli.home import PRIVATE_FOLDER, Home, HomeHeldError
from sent_server.settings import Settings


@dataclass(frozen=True, slots=True)
class UpOptions:
    home: Path | None
    host: str | None
    port: int | None
    database: str | None
    config: Path | None
    tier: str | None
    ephemeral: bool
    demo: bool
    as_json: bool


def run(options: UpOptions) -> None:
    """Serve until SIGINT or SIGTERM. Raises what `failures.explain` can tell."""
    with _folder(options) as folder:
        settings = installation.settings_to_serve(
            folder, options.database, options.config, host=options.host, port=options.port
        )
        logs.configure(settings.log_level)
        home = Home(Path(settings.home).resolve())
        with _held(home):
            or_next = not installation.chose_port(options.port, settings)
            bound, said = ports.bind(settings.host, settings.port, or_next=or_next)
            settings = replace(settings, home=str(home.path), port=bound.getsockname()[1])
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(settings, home, bound, options, said))


@contextlib.contextmanager
def _folder(options: UpOptions) -> Generator[Path | None]:
    if not options.ephemeral:
        yield options.home
        return
    if options.home:
        raise CommandError("--ephemeral makes a folder of its own; leave out --home")
    folder = Path(tempfile.mkdtemp(prefix="sent-"))
    folder.chmod(PRIVATE_FOLDER)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _held(home: Home) -> Generator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(home.held())
        except HomeHeldError as held:
            raise CommandError(
                f"{held.holder} already uses {home.path}; stop it, or start this one with another --home"
            ) from None
        yield


async def _serve(settings: Settings, home: Home, bound: socket.socket, options: UpOptions, said: str | None) -> None:
    stop = _stop_on_signals()
    platform = await Platform.open(settings)
    try:
        base_url = ports.base_url(settings.host, settings.port)
        demo, is_first = None, False
        if options.demo:
            demo, is_first = await demofile.ensure(platform, home, base_url=base_url, tier=options.tier)
        await platform.start()
        _tame_garbage_collection()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        perform = operations.Operator.of(platform).perform
        async with (
            admin_socket.served(home.admin_socket, perform),
            web.served(platform.asgi, bound, doc_url_base=platform.doc_url_base) as serving,
        ):
            notices = [said] if said else []
            if options.as_json:
                screen.ready_line(base_url, demo, [*notices, *screen.warnings(settings)])
            else:
                await asyncio.to_thread(screen.welcome, settings, base_url, demo, is_first, notices, stop.is_set)
            await _first_of(stop, serving)
    finally:
        await platform.close()


def _tame_garbage_collection() -> None:
    """What start-up made lives as long as the process; looking through it again costs 30 ms pauses under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _stop_on_signals() -> asyncio.Event:
    """Set by the first signal; the second one does not wait for anything (the data is safe at any moment)."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop


async def _first_of(stop: asyncio.Event, serving: asyncio.Task[None]) -> None:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
