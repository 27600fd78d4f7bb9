"""`flask sent ...`: try the configuration, send, and register the webhook."""

from collections.abc import Generator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from sent_dm import NOT_GIVEN, SentDm, SentDmError
from sent_dm.integrations.messages import what_to_send
from sent_dm.integrations.registration import register_webhook

commands = AppGroup("sent", help="Messages by Sent.")


@commands.command("check")
@with_appcontext
def check() -> None:
    """Whether the API key works, and for whom."""
    with _client() as client:
        me = client.me.retrieve().data
        click.echo(f"{me.name} ({me.type} {me.id}) at {client.base_url}")


@commands.command("send")
@click.argument("to", nargs=-1, required=True)
@click.option("--template", "template_id", help="Id or name of a template.")
@click.option("--text", help="A text, instead of a template.")
@click.option("--parameter", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="Repeatable.")
@click.option("--channel", "channels", multiple=True, help="Repeatable; else the best of each recipient.")
@click.option("--wait", is_flag=True, help="Until it is delivered, or has failed.")
@with_appcontext
def send(
    to: tuple[str, ...],
    template_id: str | None,
    text: str | None,
    parameters: tuple[str, ...],
    channels: tuple[str, ...],
    wait: bool,
) -> None:
    """Send a template or a text to one or more numbers."""
    values: dict[str, str] = {}
    for given in parameters:
        name, equals, value = given.partition("=")
        if not equals:
            raise click.BadParameter(f"{given!r} is not NAME=VALUE", param_hint="--parameter")
        values[name] = value
    try:
        template, text_given = what_to_send(template_id, values, text)
    except ValueError as fault:
        raise click.UsageError(f"{fault}: --template or --text") from None
    with _client() as client:
        answer = client.messages.send(
            to=list(to), template=template, text=text_given, channel=list(channels) or NOT_GIVEN
        )
        for message in answer.data.recipients:
            status = client.messages.wait_until_delivered(message.message_id).status if wait else "QUEUED"
            click.echo(f"{message.to} {message.message_id} {status}")


@commands.command("webhook")
@click.argument("url")
@click.option("--event", "events", multiple=True, default=("messages", "templates"), show_default=True)
@with_appcontext
def webhook(url: str, events: tuple[str, ...]) -> None:
    """Have Sent post events to URL, and print the secret to configure as SENT_DM_WEBHOOK_SECRET.

    A webhook for this URL that exists already is used again, with a new secret.
    """
    with _client() as client:
        secret = register_webhook(client, url, display_name=current_app.name, event_types=events)
    click.echo(f"export SENT_DM_WEBHOOK_SECRET={secret}")


@contextmanager
def _client() -> Generator[SentDm]:
    """The application's client; its errors in words instead of a traceback."""
    try:
        yield current_app.extensions["sent"].client
    except SentDmError as error:
        raise click.ClickException(str(error)) from None
