"""`sent accounts`: organizations and profiles."""

from typing import Annotated, Literal

import typer

from sent_server.cli.options import Customer, Tier
from sent_server.cli.runner import Result, Target, command

Quota = Literal["contacts", "templates", "webhooks", "users", "profiles", "messages_per_day"]

group = typer.Typer(help="Organizations and profiles.", no_args_is_help=True)


@command(group, "create")
def create_account(
    target: Target,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    tier: Annotated[Tier | None, typer.Option(help="Default growth.")] = None,
    profile_of: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Make a profile of this one.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="EMAIL", help="Whose account it is: its first admin.")] = None,
    no_channels: Annotated[bool, typer.Option("--no-channels", help="Configure no simulated channels.")] = False,
) -> Result:
    """Make an organization, or a profile of one."""
    return target.operate(
        "accounts create", name=name, tier=tier, profile_of=profile_of, owner=owner, channels=not no_channels
    )


@command(group, "set-status")
def set_status(
    target: Target,
    customer: Customer,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="ACTIVE, or a step of the onboarding.")],
) -> Result:
    """Move an account to another state; all but ACTIVE close most of the API to it."""
    return target.operate("accounts set-status", customer_id=customer, status=status)


@command(group, "set-tier")
def set_tier(
    target: Target,
    customer: Customer,
    tier: Annotated[Tier, typer.Argument(metavar="TIER", help="starter, growth, enterprise or unlimited.")],
    messages_per_minute: Annotated[int | None, typer.Option(min=1, help="An enterprise account's own limit.")] = None,
) -> Result:
    """Change an account's rate limits, at once."""
    return target.operate("accounts set-tier", customer_id=customer, tier=tier, messages_per_minute=messages_per_minute)


@command(group, "top-up")
def top_up(
    target: Target,
    customer: Customer,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 25.50, in the account's currency.")],
) -> Result:
    """Add to an account's balance."""
    return target.operate("accounts top-up", customer_id=customer, amount=amount)


@command(group, "set-quota")
def set_quota(
    target: Target,
    customer: Customer,
    name: Annotated[Quota, typer.Argument(metavar="NAME", help="What it limits.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="How many; `default` for what the settings say.")],
) -> Result:
    """Say how many contacts, templates, webhooks, users or profiles an account may have, or messages a day."""
    if number != "default" and not number.isdigit():
        raise typer.BadParameter(f"{number!r} is not a whole number or `default`", param_hint="NUMBER")
    wanted = None if number == "default" else int(number)
    return target.operate("accounts set-quota", customer_id=customer, name=name, number=wanted)


@command(group, "set-throughput")
def set_throughput(
    target: Target,
    customer: Customer,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="sms, whatsapp or rcs.")],
    messages_per_second: Annotated[int, typer.Argument(metavar="PER_SECOND", help="0 lifts the limit.")],
) -> Result:
    """Limit how fast messages leave from an account's number, over all processes together."""
    return target.operate(
        "accounts set-throughput", customer_id=customer, channel=channel, messages_per_second=messages_per_second
    )


@command(group, "show")
def show_account(target: Target, customer: Customer) -> Result:
    """Show an account with its balance, and the secret that signs its callbacks."""
    return target.operate("accounts show", customer_id=customer)


@command(group, "file-brand")
def file_brand(target: Target, customer: Customer) -> Result:
    """Hand an account's brand and campaigns to the registry; completing a profile does the same for it."""
    return target.operate("accounts file-brand", customer_id=customer)
