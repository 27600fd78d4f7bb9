"""`sent dashboard`: sign-in to the dashboard."""

from typing import Annotated

import typer

from sent_server.cli.runner import Result, Target, command

group = typer.Typer(help="Sign-in to the dashboard.", no_args_is_help=True)


@group.callback()
def _commands() -> None:  # pyright: ignore[reportUnusedFunction]
    """Keeps `link` a subcommand while it is the only one."""


@command(group, "link")
def link(
    target: Target,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Address of an active user.")] = "owner@demo.example",
) -> Result:
    """Print a link that signs a person in, once, within ten minutes."""
    return target.operate("dashboard link", email=email)
