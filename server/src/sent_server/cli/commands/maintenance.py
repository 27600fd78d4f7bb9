"""`sent demo`, `migrate`, `doctor`, `backup` and `restore`: commands for the complete installation."""

from pathlib import Path
from typing import Annotated

import typer

from sent_server.cli.options import AsJson, Bus, Cache, Config, Database, Home
from sent_server.cli.runner import Result, Target, command


def register(app: typer.Typer) -> None:
    app.command()(demo)
    app.command()(migrate)
    app.command()(doctor)
    command(app, "backup")(backup)
    command(app, "restore")(restore)


def demo(
    home: Home = None,
    base_url: Annotated[str | None, typer.Option(help="Server. Default SENT_BASE_URL, or HOME/demo.json.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Key. Default SENT_DM_API_KEY, or HOME/demo.json.")] = None,
    to: Annotated[str, typer.Option(help="Recipient.")] = "+1234567890",
    template: Annotated[str | None, typer.Option(help="Template id. Default: a template without parameters.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Repeatable. Default sms and whatsapp.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send the message of the quickstart to a running server and show its timeline."""
    from sent_server.cli import demo as quickstart

    quickstart.run(home, base_url, api_key, to=to, template_id=template, channels=channel, as_json=as_json)


def migrate(
    home: Home = None,
    database: Database = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing, and fail if changes are needed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the schema changes that this release needs, then apply them."""
    from sent_server.cli import migrate as schema

    schema.run(home, database, check_only=check, as_json=as_json)


def doctor(
    home: Home = None,
    database: Database = None,
    bus: Bus = None,
    cache: Cache = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check everything that this installation needs, and say how to fix each problem. Changes nothing."""
    from sent_server.cli import doctor as examination

    examination.run(home, config, {"database_url": database, "bus_url": bus, "cache_url": cache}, as_json=as_json)


def backup(
    target: Target,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup. The key goes to FILE.master.key.")],
) -> Result:
    """Copy a snapshot of the SQLite database, with or without a running server."""
    from sent_server.cli import backup as copies

    return copies.back_up(target.home, target.database, file)


def restore(
    target: Target,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file written by `sent backup`.")],
    force: Annotated[bool, typer.Option("--force", help="Rename an existing database.")] = False,
) -> Result:
    """Restore a backup for a stopped server, and show how much the next start will send."""
    from sent_server.cli import backup as copies

    return copies.restore(target.home, target.database, file, force=force)
