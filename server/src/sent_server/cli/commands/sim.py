"""`sent sim`: control of the simulation, for all accounts of the installation."""

from typing import Annotated

import typer

from sent_server.cli.runner import Result, Target, command

group = typer.Typer(help="The simulation, for all accounts of the installation.", no_args_is_help=True)
clock = typer.Typer(help="The clock of the installation.", no_args_is_help=True)
group.add_typer(clock, name="clock")


@command(clock, "show")
def show_clock(target: Target) -> Result:
    """Show the time of the installation, and by how much it was moved."""
    return target.operate("sim clock show")


@command(clock, "advance")
def advance_clock(
    target: Target, by: Annotated[str, typer.Argument(metavar="DURATION", help="Such as 1500ms, 90s, 5m, 2h or 8d.")]
) -> Result:
    """Move the time of the installation forward, for all accounts. It cannot be moved back."""
    return target.operate("sim clock advance", by=by)
