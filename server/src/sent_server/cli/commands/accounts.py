"""`sent accounts`: organizations and profiles."""

from typing import Annotated, Literal

import typer

from sent_server.cli.options import Customer, Tier
from sent_server.cli.runner import Result, Target, command

Quota = Literal["contacts", "templates", "webhooks", "users", "profiles", "messages_per_day"]
Feature = Literal["mms", "template-auto-creation", "text-needs-conversation"]


group = typer.Typer(help="Organizations and profiles.", no_args_is_help=True)


@command(group, "create")
def create_account(
    target: Target,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    tier: Annotated[Tier | None, typer.Option(help="Default growth.")] = None,
    profile_of: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Organization of the new profile.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="EMAIL", help="Its owner and first admin.")] = None,
    no_channels: Annotated[bool, typer.Option("--no-channels", help="Create no simulated channels.")] = False,
) -> Result:
    """Create an organization, or a profile of one."""
    return target.operate(
        "accounts create", name=name, tier=tier, profile_of=profile_of, owner=owner, channels=not no_channels
    )


@command(group, "set-status")
def set_status(
    target: Target,
    customer: Customer,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="ACTIVE, or a step of onboarding.")],
) -> Result:
    """Change the state of an account. Most requests need the state ACTIVE."""
    return target.operate("accounts set-status", customer_id=customer, status=status)


@command(group, "set-tier")
def set_tier(
    target: Target,
    customer: Customer,
    tier: Annotated[Tier, typer.Argument(metavar="TIER", help="starter, growth, enterprise or unlimited.")],
    messages_per_minute: Annotated[int | None, typer.Option(min=1, help="The limit of an enterprise account.")] = None,
) -> Result:
    """Change the rate limits of an account. Takes effect immediately."""
    return target.operate("accounts set-tier", customer_id=customer, tier=tier, messages_per_minute=messages_per_minute)


@command(group, "top-up")
def top_up(
    target: Target,
    customer: Customer,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="For example 25.50, in the account's currency.")],
) -> Result:
    """Add an amount to the balance of an account."""
    return target.operate("accounts top-up", customer_id=customer, amount=amount)


@command(group, "set-quota")
def set_quota(
    target: Target,
    customer: Customer,
    name: Annotated[Quota, typer.Argument(metavar="NAME", help="The limited resource.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The limit, or `default` (see settings).")],
) -> Result:
    """Limit an account's contacts, templates, webhooks, users, profiles or messages per day."""
    if number != "default" and not number.isdigit():
        raise typer.BadParameter(f"{number!r} must be a whole number or `default`", param_hint="NUMBER")
    wanted = None if number == "default" else int(number)
    return target.operate("accounts set-quota", customer_id=customer, name=name, number=wanted)


@command(group, "set-feature")
def set_feature(
    target: Target,
    customer: Customer,
    feature: Annotated[Feature, typer.Argument(metavar="FEATURE", help="See below.")],
    state: Annotated[Literal["on", "off"], typer.Argument(metavar="STATE", help="on or off.")],
) -> Result:
    """Switch a feature of an account on or off.

    mms: MMS from its number. template-auto-creation: templates that it creates on its profiles.
    text-needs-conversation: texts without a template only to people who wrote within the last 24 hours.
    """
    return target.operate("accounts set-feature", customer_id=customer, feature=feature, enabled=state == "on")


@command(group, "set-throughput")
def set_throughput(
    target: Target,
    customer: Customer,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="sms, whatsapp or rcs.")],
    messages_per_second: Annotated[int, typer.Argument(metavar="PER_SECOND", help="0 removes the limit.")],
) -> Result:
    """Limit the messages per second from an account's number, over all processes together."""
    return target.operate(
        "accounts set-throughput", customer_id=customer, channel=channel, messages_per_second=messages_per_second
    )


@command(group, "show")
def show_account(target: Target, customer: Customer) -> Result:
    """Show an account, its balance and the secret that signs its callbacks."""
    return target.operate("accounts show", customer_id=customer)


@command(group, "file-brand")
def file_brand(target: Target, customer: Customer) -> Result:
    """File an account's brand and campaigns with the registry. Completing a profile does this automatically."""
    return target.operate("accounts file-brand", customer_id=customer)
