"""`sent api` and `sent worker`: the two parts of `sent up`, any number of each on one PostgreSQL database."""

import asyncio
import contextlib
import socket
import sys
from dataclasses import replace
from os import getpid
from pathlib import Path
from typing import Any

import orjson
import uvloop

from sent_server.app import Platform
from sent_server.cli import installation, logs, ports, process, screen
from sent_server.cli.failures import CommandError
from sent_server.composition import ProcessRole
from sent_server.kernel.values import value_object
from sent_server.settings import Settings

POLLS = "without SENT_BUS_URL this process polls the database for work; new messages wait up to 0.25 s"
COUNTS_ALONE = "without SENT_CACHE_URL this process counts rate limits separately; N processes allow N times the limit"


@value_object
class ServeOptions:
    """`flags` are settings by name. None leaves a setting to the environment and the file."""

    home: Path | None
    config: Path | None
    flags: dict[str, Any]
    as_json: bool


def run(role: ProcessRole, options: ServeOptions) -> None:
    """Serve until SIGINT or SIGTERM. Raises the errors that `failures.explain` knows."""
    settings = installation.settings_of(options.home, None, options.config, **options.flags)
    if installation.is_sqlite(settings):
        raise CommandError(
            f"`sent {role}` shares its database with other processes and needs PostgreSQL: set "
            "SENT_DATABASE_URL=postgresql://USER@HOST/NAME. On SQLite one process does everything: `sent up`"
        )
    logs.configure(settings.log_level)
    port = settings.port if role is ProcessRole.API else settings.health_port
    bound = None
    if port or role is ProcessRole.API:
        bound, _ = ports.bind(settings.host, port, or_next=False)
        name = "port" if role is ProcessRole.API else "health_port"
        settings = replace(settings, **{name: bound.getsockname()[1]})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, role, bound, as_json=options.as_json))


async def _serve(settings: Settings, role: ProcessRole, bound: socket.socket | None, *, as_json: bool) -> None:
    process.allow_many_connections()
    stop = process.stop_on_signals()
    platform = await Platform.open(settings, role)
    try:
        async with contextlib.AsyncExitStack() as stack:
            serving = None
            if bound:
                serving = await stack.enter_async_context(process.served(platform, bound))
            await platform.start(works=process.works())
            process.tame_garbage_collection()
            _announce(settings, role, bound, as_json=as_json)
            await process.serve_until(stop, serving, platform.health)
            await process.say_goodbye(platform)
    finally:
        await platform.close()


def _announce(settings: Settings, role: ProcessRole, bound: socket.socket | None, *, as_json: bool) -> None:
    base_url = ports.base_url(settings.host, bound.getsockname()[1]) if bound else None
    for notice in _notices(settings, role):
        print(f"sent: {notice}", file=sys.stderr)
    if as_json:
        print(orjson.dumps({"role": role, "base_url": base_url, "pid": getpid()}).decode(), flush=True)
    elif role is ProcessRole.API:
        print(f"API on {base_url}; Ctrl-C stops it.", flush=True)
    else:
        print(f"Working{f', health on {base_url}' if base_url else ''}; Ctrl-C stops it.", flush=True)


def _notices(settings: Settings, role: ProcessRole) -> list[str]:
    said = [] if settings.bus_url else [POLLS]
    if role is ProcessRole.API:
        said += [] if settings.cache_url else [COUNTS_ALONE]
        said += screen.warnings(settings)
    return said
