"""`sent webhooks`: webhooks of accounts."""

from typing import Annotated, Literal

import typer

from sent_server.cli.options import Customer, Webhook
from sent_server.cli.runner import Result, Target, command

DeliveryStatus = Literal["failed", "delivered", "all"]

group = typer.Typer(help="Webhooks of accounts.", no_args_is_help=True)


@command(group, "list")
def list_webhooks(target: Target, customer: Customer) -> Result:
    """List the webhooks of an account with their states and the number of kept events."""
    return target.operate("webhooks list", customer_id=customer)


@command(group, "enable")
def enable_webhook(target: Target, customer: Customer, webhook: Webhook) -> Result:
    """Enable a webhook, and send the events that were kept for it."""
    return target.operate("webhooks enable", customer_id=customer, webhook_id=webhook)


@command(group, "replay")
def replay_webhook(
    target: Target,
    customer: Customer,
    webhook: Webhook,
    event: Annotated[str | None, typer.Option(metavar="ID", help="Id of one event in the webhook's log.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Events created since then.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Events created before then.")] = None,
    status: Annotated[DeliveryStatus, typer.Option(help="Events with this result.")] = "failed",
) -> Result:
    """Send events of a webhook again. By default the failed ones."""
    from sent_server.cli import replay

    asked = {"event_id": event, "since": since, "until": until, "status": status}
    return replay.run(target.home, target.database, customer, webhook, asked)
