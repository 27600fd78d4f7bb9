"""`sent keys`: API keys."""

from typing import Annotated

import typer

from sent_server.cli.options import Customer, KeyRole
from sent_server.cli.runner import Result, Target, command

group = typer.Typer(help="API keys.", no_args_is_help=True)


@command(group, "create")
def create_key(
    target: Target,
    customer: Customer,
    role: Annotated[KeyRole | None, typer.Option(help="What the key may do. Default admin.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="ID", help="Make it a key of this profile.")] = None,
    user: Annotated[str | None, typer.Option(metavar="USER_ID", help="Make it this user's, with their role.")] = None,
) -> Result:
    """Make a key. It is shown this once."""
    return target.operate("keys create", customer_id=customer, role=role, profile_id=profile, user_id=user)


@command(group, "list")
def list_keys(target: Target, customer: Customer) -> Result:
    """List an account's keys by their last characters."""
    return target.operate("keys list", customer_id=customer)


@command(group, "revoke")
def revoke_key(target: Target, key_id: Annotated[str, typer.Argument(metavar="KEY_ID")]) -> Result:
    """Make a key stop working, at once."""
    return target.operate("keys revoke", key_id=key_id)
