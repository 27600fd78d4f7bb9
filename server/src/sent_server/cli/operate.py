"""Runs an operator's command: through the running server, or directly if no server runs."""

import asyncio
import time
from pathlib import Path
from typing import Any

from sent_server.app import Platform
from sent_server.cli import admin_socket, installation, logs
from sent_server.cli.failures import CommandError
from sent_server.cli.home import Home, HomeHeldError
from sent_server.cli.operations import registry
from sent_server.cli.operations.operator import Operator
from sent_server.composition import ProcessRole
from sent_server.settings import Settings

# A server that starts holds its folder for a moment before it listens.
PATIENCE_S = 5.0
POLL_S = 0.05


def perform(home: Path | None, database: str | None, operation: str, **arguments: Any) -> Any:
    """The result of the operation. Raises CommandError, OperatorError and storage errors."""
    settings = installation.settings_of(home, database)
    logs.configure(settings.log_level)
    folder = Home(Path(settings.home).resolve())
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            with folder.held():
                return asyncio.run(_directly(settings, operation, arguments))
        except HomeHeldError as held:
            holder = held.holder
        try:
            return admin_socket.ask(folder.admin_socket, operation, arguments)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline_s:
                raise CommandError(
                    f"{holder} uses {folder.path} but does not respond on admin.sock; stop it and try again"
                ) from None
            time.sleep(POLL_S)


async def _directly(settings: Settings, operation: str, arguments: dict[str, Any]) -> Any:
    platform = await Platform.open(settings, ProcessRole.COMMAND)
    try:
        return await registry.perform(Operator.of(platform), operation, arguments)
    finally:
        await platform.close()
