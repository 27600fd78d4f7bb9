"""The command line as people see it: names, flags and their help. Each command imports its work when it runs."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Role = Literal["admin", "developer", "billing"]
Tier = Literal["starter", "growth", "enterprise", "unlimited"]
Home = Annotated[Path | None, typer.Option(help="Folder of the installation; else SENT_HOME, else ./.sent.")]
Database = Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://...; else HOME/sent.db.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of an organization or profile.")]

app = typer.Typer(
    help="One API for SMS, WhatsApp and RCS that anyone can run.", no_args_is_help=True, add_completion=False
)
accounts = typer.Typer(help="Organizations and profiles.", no_args_is_help=True)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.pretty_exceptions_enable = False


@app.command()
def up(
    home: Home = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless told.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="8080 or the next free one unless told; 0 takes any free one.")
    ] = None,
    database: Database = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of settings; else SENT_CONFIG.")] = None,
    tier: Annotated[Tier | None, typer.Option(help="Tier of the demo account; growth at first.")] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="A temporary folder, removed at the end.")] = False,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Make no demo account.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the server: API, dispatcher and webhook sender in one process."""
    from sent_server.cli import up as command

    command.run(
        command.UpOptions(home, host, port, database, config, tier, ephemeral, demo=not no_demo, as_json=as_json)
    )


@app.command()
def demo(
    home: Home = None,
    base_url: Annotated[str | None, typer.Option(help="Server; else SENT_BASE_URL, else HOME/demo.json.")] = None,
    api_key: Annotated[str | None, typer.Option(help="Key; else SENT_DM_API_KEY, else HOME/demo.json.")] = None,
    to: Annotated[str, typer.Option(help="Recipient.")] = "+1234567890",
    template: Annotated[str | None, typer.Option(help="Template id; else one that needs no parameters.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Repeatable; sms and whatsapp unless told.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send the quickstart's message to a running server and show its timeline."""
    from sent_server.cli import demo as command

    command.run(home, base_url, api_key, to=to, template_id=template, channels=channel, as_json=as_json)


@app.command()
def migrate(
    home: Home = None,
    database: Database = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when something is to be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the schema changes that this release needs, then make them."""
    from sent_server.cli import migrate as command

    command.run(home, database, check_only=check, as_json=as_json)


@accounts.command("create")
def create_account(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    tier: Annotated[Tier | None, typer.Option(help="growth unless told.")] = None,
    profile_of: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Make a profile of this one.")] = None,
    no_channels: Annotated[bool, typer.Option("--no-channels", help="Configure no simulated channels.")] = False,
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make an organization, or a profile of one."""
    _operate(
        home,
        database,
        as_json,
        "accounts create",
        name=name,
        tier=tier,
        profile_of=profile_of,
        channels=not no_channels,
    )


@accounts.command("set-status")
def set_status(
    customer: Customer,
    status: Annotated[str, typer.Argument(metavar="STATUS", help="ACTIVE, or a step of the onboarding.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Move an account to another state; all but ACTIVE close most of the API to it."""
    _operate(home, database, as_json, "accounts set-status", customer_id=customer, status=status)


@accounts.command("set-tier")
def set_tier(
    customer: Customer,
    tier: Annotated[Tier, typer.Argument(metavar="TIER", help="starter, growth, enterprise or unlimited.")],
    messages_per_minute: Annotated[int | None, typer.Option(min=1, help="An enterprise account's own limit.")] = None,
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Change an account's rate limits, at once."""
    _operate(
        home,
        database,
        as_json,
        "accounts set-tier",
        customer_id=customer,
        tier=tier,
        messages_per_minute=messages_per_minute,
    )


@accounts.command("top-up")
def top_up(
    customer: Customer,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Such as 25.50, in the account's currency.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Add to an account's balance."""
    _operate(home, database, as_json, "accounts top-up", customer_id=customer, amount=amount)


@accounts.command("show")
def show_account(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """Show an account with its balance, and the secret that signs its callbacks."""
    _operate(home, database, as_json, "accounts show", customer_id=customer)


@keys.command("create")
def create_key(
    customer: Customer,
    role: Annotated[Role, typer.Option(help="What the key may do.")] = "admin",
    profile: Annotated[str | None, typer.Option(metavar="ID", help="Make it a key of this profile.")] = None,
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    _operate(home, database, as_json, "keys create", customer_id=customer, role=role, profile_id=profile)


@keys.command("list")
def list_keys(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """List an account's keys by their last characters."""
    _operate(home, database, as_json, "keys list", customer_id=customer)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key stop working, at once."""
    _operate(home, database, as_json, "keys revoke", key_id=key_id)


def _operate(home: Path | None, database: str | None, as_json: bool, operation: str, **arguments: Any) -> None:
    from sent_server.cli import operate, table

    table.show(operate.perform(home, database, operation, **arguments), as_json=as_json)


def main() -> None:
    os.umask(0o077)  # what we make holds people's messages; nobody else on this machine may read it
    try:
        app()
    except Exception as error:
        from sent_server.cli import failures

        text = failures.explain(error)
        if text is None:
            raise
        print(f"sent: {text}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
