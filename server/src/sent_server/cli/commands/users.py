"""`sent users`: users of accounts."""

from typing import Annotated

import typer

from sent_server.cli.options import Customer, KeyRole, User
from sent_server.cli.runner import Result, Target, command

group = typer.Typer(help="Users of accounts.", no_args_is_help=True)


@command(group, "list")
def list_users(target: Target, customer: Customer) -> Result:
    """List the users of an account with their roles."""
    return target.operate("users list", customer_id=customer)


@command(group, "invite")
def invite_user(
    target: Target,
    customer: Customer,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[KeyRole, typer.Option(help="Role of the user.")] = "developer",
) -> Result:
    """Invite a person, and show the invitation link."""
    return target.operate("users invite", customer_id=customer, email=email, name=name, role=role)


@command(group, "invitations")
def list_invitations(target: Target, customer: Customer) -> Result:
    """List the open invitations with their links."""
    return target.operate("users invitations", customer_id=customer)


@command(group, "suspend")
def suspend_user(
    target: Target,
    customer: Customer,
    user_id: User,
    undo: Annotated[bool, typer.Option("--undo", help="Enable the user again.")] = False,
) -> Result:
    """Disable the keys of a user immediately, until `--undo`."""
    return target.operate("users suspend", customer_id=customer, user_id=user_id, suspended=not undo)


@command(group, "remove")
def remove_user(target: Target, customer: Customer, user_id: User) -> Result:
    """Remove a user and the user's keys."""
    return target.operate("users remove", customer_id=customer, user_id=user_id)
