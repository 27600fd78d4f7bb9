"""`sent connections`: the connections to carriers."""

import typer

from sent_server.cli.runner import Result, Target, command

group = typer.Typer(help="Connections to carriers.", no_args_is_help=True)


@command(group, "list")
def list_connections(target: Target) -> Result:
    """List the connections with their states and the number of senders that use each."""
    return target.operate("connections list")
