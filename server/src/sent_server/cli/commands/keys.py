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
    role: Annotated[KeyRole | None, typer.Option(help="Role of the key. Default admin.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="ID", help="Create a key of this profile.")] = None,
    user: Annotated[str | None, typer.Option(metavar="USER_ID", help="Create a user's key, with their role.")] = None,
) -> Result:
    """Create a key and show it once."""
    return target.operate("keys create", customer_id=customer, role=role, profile_id=profile, user_id=user)


@command(group, "list")
def list_keys(target: Target, customer: Customer) -> Result:
    """List the keys of an account by their last characters."""
    return target.operate("keys list", customer_id=customer)


@command(group, "revoke")
def revoke_key(target: Target, key_id: Annotated[str, typer.Argument(metavar="KEY_ID")]) -> Result:
    """Revoke a key immediately."""
    return target.operate("keys revoke", key_id=key_id)
