"""`sent migrate`: shows the schema changes that this release needs, then applies them."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import orjson

from sent_server.cli import installation
from sent_server.cli.failures import CommandError
from sent_server.cli.home import Home, HomeHeldError
from sent_server.db import migrate, open_database
from sent_server.db.migrate import Migration
from sent_server.settings import Settings

SQLITE_FILE = "sent.db"


def run(home: Path | None, database: str | None, *, check_only: bool, as_json: bool) -> None:
    """Raises CommandError if `check_only` finds pending changes, or if a server holds the folder."""
    settings = installation.settings_of(home, database)
    folder = Home(Path(settings.home).resolve())
    with contextlib.ExitStack() as stack:
        if not check_only:
            try:
                stack.enter_context(folder.held())
            except HomeHeldError as held:
                raise CommandError(f"{held.holder} uses {folder.path}, and migrated it when it started") from None
        todo = asyncio.run(_migrate(settings, folder, check_only=check_only, quiet=as_json))
    names = [migration.name for migration in todo]
    if as_json:
        print(orjson.dumps({"pending" if check_only else "applied": names}).decode())
    elif not names:
        print("The schema is up to date.")
    if check_only and names:
        raise CommandError(f"{len(names)} to apply; run `sent migrate`, or `sent up`")


async def _migrate(settings: Settings, folder: Home, *, check_only: bool, quiet: bool) -> Sequence[Migration]:
    url = settings.database_url or f"sqlite:///{folder.path / SQLITE_FILE}"
    file = Path(url.removeprefix("sqlite:///"))
    if check_only and url.startswith("sqlite:") and not file.exists():
        return migrate.known()
    opened = await open_database(url)
    try:
        todo = await migrate.pending(opened)
        if not quiet:
            for migration in todo:
                print(f"{'pending ' if check_only else 'applying'}  {migration.name}", flush=True)
        return todo if check_only else await migrate.apply(opened)
    finally:
        await opened.close()
