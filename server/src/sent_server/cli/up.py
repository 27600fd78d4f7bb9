"""`sent up`: API, dispatcher and webhook sender in one process, with a demo account."""

import asyncio
import contextlib
import functools
import shutil
import socket
import sys
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import uvloop

from sent_server import demo_account
from sent_server.app import Platform
from sent_server.cli import admin_socket, demofile, installation, logs, ports, process, screen
from sent_server.cli.failures import CommandError
from sent_server.cli.home import PRIVATE_FOLDER, Home, HomeHeldError
from sent_server.cli.operations import registry
from sent_server.cli.operations.operator import Operator
from sent_server.dashboard.auth import service as auth
from sent_server.kernel.values import value_object
from sent_server.settings import Settings


@value_object
class UpOptions:
    home: Path | None
    host: str | None
    port: int | None
    database: str | None
    bus: str | None
    cache: str | None
    config: Path | None
    tier: str | None
    ephemeral: bool
    demo: bool
    as_json: bool


def run(options: UpOptions) -> None:
    """Serve until SIGINT or SIGTERM. Raises the errors that `failures.explain` knows."""
    with _folder(options) as folder:
        settings = installation.settings_to_serve(
            folder,
            options.config,
            host=options.host,
            port=options.port,
            database_url=options.database,
            bus_url=options.bus,
            cache_url=options.cache,
        )
        logs.configure(settings.log_level)
        _check_default(settings)
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
        raise CommandError("--ephemeral creates a temporary folder; omit --home")
    folder = Path(tempfile.mkdtemp(prefix="sent-"))
    folder.chmod(PRIVATE_FOLDER)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_default(settings: Settings) -> None:
    """Follow a symbolic link only if a person set it as the home. The default folder must not be a link."""
    if settings.home == Settings().home and Path(settings.home).is_symlink():
        raise CommandError(f"{settings.home} is a symbolic link; name the folder with --home if you want to use it")


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
    process.allow_many_connections()
    stop = process.stop_on_signals()
    platform = await Platform.open(settings)
    try:
        base_url = ports.base_url(settings.host, settings.port)
        demo, is_first = None, False
        if options.demo:
            demo, is_first = await demofile.ensure(platform, home, base_url=base_url, tier=options.tier)
        await platform.start(works=process.works())
        process.tame_garbage_collection()
        operator = Operator.of(platform)
        async with (
            admin_socket.served(home.admin_socket, functools.partial(registry.perform, operator)),
            process.served(platform, bound) as serving,
        ):
            notices = [*([said] if said else []), *home.notices()]
            home.remember()
            if options.as_json:
                screen.ready_line(base_url, demo, [*notices, *screen.warnings(settings)])
            else:
                link = await _dashboard_link(platform, base_url) if demo else None
                await asyncio.to_thread(screen.welcome, settings, base_url, demo, is_first, notices, link, stop.is_set)
            await process.serve_until(stop, serving, platform.health)
            await process.say_goodbye(platform)
    finally:
        await platform.close()


async def _dashboard_link(platform: Platform, base_url: str) -> str | None:
    """A link that signs in the demo account's owner, once, within ten minutes. Only shown on a terminal."""
    now_ms = platform.parts.clock.now_ms()
    if not sys.stdout.isatty():
        return f"{base_url}/dashboard (`sent dashboard link` prints a link that signs you in)"
    token = await platform.parts.database.write(lambda tx: auth.make_link(tx, demo_account.OWNER_EMAIL, now_ms=now_ms))
    return f"{base_url}/dashboard/enter/{token}"
