"""`sent users`: people who may work with an account."""

from typing import Annotated

import typer

from sent_server.cli.options import Customer, KeyRole, User
from sent_server.cli.runner import Result, Target, command

group = typer.Typer(help="People who may work with an account.", no_args_is_help=True)


@command(group, "list")
def list_users(target: Target, customer: Customer) -> Result:
    """List an account's users with their roles."""
    return target.operate("users list", customer_id=customer)


@command(group, "invite")
def invite_user(
    target: Target,
    customer: Customer,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[KeyRole, typer.Option(help="What the user may do.")] = "developer",
) -> Result:
    """Invite somebody, and show the link to pass on."""
    return target.operate("users invite", customer_id=customer, email=email, name=name, role=role)


@command(group, "invitations")
def list_invitations(target: Target, customer: Customer) -> Result:
    """List the invitations without an answer, with their links."""
    return target.operate("users invitations", customer_id=customer)


@command(group, "suspend")
def suspend_user(
    target: Target,
    customer: Customer,
    user_id: User,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user work again.")] = False,
) -> Result:
    """Refuse a user's keys, at once, until `--undo`."""
    return target.operate("users suspend", customer_id=customer, user_id=user_id, suspended=not undo)


@command(group, "remove")
def remove_user(target: Target, customer: Customer, user_id: User) -> Result:
    """Take a user out, with the user's keys."""
    return target.operate("users remove", customer_id=customer, user_id=user_id)
