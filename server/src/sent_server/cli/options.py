"""Arguments and options of several commands, with their help texts."""

from pathlib import Path
from typing import Annotated, Literal

import typer

KeyRole = Literal["admin", "developer", "billing"]
Tier = Literal["starter", "growth", "enterprise", "unlimited"]

Home = Annotated[Path | None, typer.Option(help="Folder of the installation. Default SENT_HOME, or ./.sent.")]
Database = Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://... Default HOME/sent.db.")]
Config = Annotated[Path | None, typer.Option(help="TOML file of settings. Default SENT_CONFIG.")]
Bus = Annotated[str | None, typer.Option(help="nats://HOST:4222. Default SENT_BUS_URL.")]
Cache = Annotated[str | None, typer.Option(help="redis://HOST:6379. Default SENT_CACHE_URL.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of an organization or profile.")]
User = Annotated[str, typer.Argument(metavar="USER_ID", help="User id, as in `sent users list`.")]
Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id.")]
