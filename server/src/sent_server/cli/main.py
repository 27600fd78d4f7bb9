"""The command line as people see it: names, flags and their help. Each command imports its work when it runs."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

ProcessRole = Literal["admin", "developer", "billing"]
Tier = Literal["starter", "growth", "enterprise", "unlimited"]
DeliveryStatus = Literal["failed", "delivered", "all"]
Quota = Literal["contacts", "templates", "webhooks", "users", "profiles", "messages_per_day"]
Home = Annotated[Path | None, typer.Option(help="Folder of the installation; else SENT_HOME, else ./.sent.")]
Database = Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://...; else HOME/sent.db.")]
Config = Annotated[Path | None, typer.Option(help="TOML file of settings; else SENT_CONFIG.")]
Bus = Annotated[str | None, typer.Option(help="nats://HOST:4222; else SENT_BUS_URL.")]
Cache = Annotated[str | None, typer.Option(help="redis://HOST:6379; else SENT_CACHE_URL.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
User = Annotated[str, typer.Argument(metavar="USER_ID", help="As `sent users list` shows it.")]
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of an organization or profile.")]

app = typer.Typer(
    help="One API for SMS, WhatsApp and RCS that anyone can run.", no_args_is_help=True, add_completion=False
)
accounts = typer.Typer(help="Organizations and profiles.", no_args_is_help=True)
webhooks = typer.Typer(help="Webhooks of accounts.", no_args_is_help=True)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
users = typer.Typer(help="People who may work with an account.", no_args_is_help=True)
sim = typer.Typer(help="The simulation, for all accounts of the installation.", no_args_is_help=True)
sim_clock = typer.Typer(help="The clock of the installation.", no_args_is_help=True)
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(webhooks, name="webhooks")
app.add_typer(users, name="users")
app.add_typer(sim, name="sim")
sim.add_typer(sim_clock, name="clock")
app.pretty_exceptions_enable = False


@app.command()
def up(
    home: Home = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless told.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="8080 or the next free one unless told; 0 takes any free one.")
    ] = None,
    database: Database = None,
    bus: Bus = None,
    cache: Cache = None,
    config: Config = None,
    tier: Annotated[Tier | None, typer.Option(help="Tier of the demo account; growth at first.")] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="A temporary folder, removed at the end.")] = False,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Make no demo account.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the server: API, dispatcher and webhook sender in one process."""
    from sent_server.cli import up as command

    command.run(
        command.UpOptions(
            home, host, port, database, bus, cache, config, tier, ephemeral, demo=not no_demo, as_json=as_json
        )
    )


@app.command()
def api(
    home: Home = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless told.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8080 unless told; 0 takes any free one.")] = None,
    database: Database = None,
    bus: Bus = None,
    cache: Cache = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Serve the API only, beside any number of other processes. Needs PostgreSQL."""
    from sent_server.app import ProcessRole
    from sent_server.cli import serve as command

    flags = {"host": host, "port": port, "database_url": database, "bus_url": bus, "cache_url": cache}
    command.run(ProcessRole.API, command.ServeOptions(home, config, flags, as_json))


@app.command()
def worker(
    home: Home = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer health checks here; 0 answers none.")
    ] = None,
    database: Database = None,
    bus: Bus = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Dispatch messages and send webhooks only, beside any number of other processes. Needs PostgreSQL."""
    from sent_server.app import ProcessRole
    from sent_server.cli import serve as command

    flags = {"health_port": health_port, "database_url": database, "bus_url": bus}
    command.run(ProcessRole.WORKER, command.ServeOptions(home, config, flags, as_json))


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


@app.command()
def doctor(
    home: Home = None,
    database: Database = None,
    bus: Bus = None,
    cache: Cache = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Examine everything this installation stands on; say what is wrong and the next step. Changes nothing."""
    from sent_server.cli import doctor as command

    command.run(home, config, {"database_url": database, "bus_url": bus, "cache_url": cache}, as_json=as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; the master key goes to FILE.master.key.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Copy the SQLite database, as of one moment, beside a running server or without one."""
    from sent_server.cli import backup as command
    from sent_server.cli import table

    table.show(command.back_up(home, database, file), as_json=as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `sent backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Put an existing database aside.")] = False,
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place of the database of a stopped server, and say what will be sent again."""
    from sent_server.cli import backup as command
    from sent_server.cli import table

    table.show(command.restore(home, database, file, force=force), as_json=as_json)


@accounts.command("create")
def create_account(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    tier: Annotated[Tier | None, typer.Option(help="growth unless told.")] = None,
    profile_of: Annotated[str | None, typer.Option(metavar="CUSTOMER", help="Make a profile of this one.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="EMAIL", help="Whose account it is: its first admin.")] = None,
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
        owner=owner,
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


@accounts.command("set-quota")
def set_quota(
    customer: Customer,
    name: Annotated[Quota, typer.Argument(metavar="NAME", help="What it limits.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="How many; `default` for what the settings say.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Say how many contacts, templates, webhooks, users or profiles an account may have, or messages a day."""
    if number != "default" and not number.isdigit():
        raise typer.BadParameter(f"{number!r} is not a whole number or `default`", param_hint="NUMBER")
    wanted = None if number == "default" else int(number)
    _operate(home, database, as_json, "accounts set-quota", customer_id=customer, name=name, number=wanted)


@accounts.command("set-throughput")
def set_throughput(
    customer: Customer,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="sms, whatsapp or rcs.")],
    messages_per_second: Annotated[int, typer.Argument(metavar="PER_SECOND", help="0 lifts the limit.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Limit how fast messages leave from an account's number, over all processes together."""
    _operate(
        home,
        database,
        as_json,
        "accounts set-throughput",
        customer_id=customer,
        channel=channel,
        messages_per_second=messages_per_second,
    )


@accounts.command("show")
def show_account(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """Show an account with its balance, and the secret that signs its callbacks."""
    _operate(home, database, as_json, "accounts show", customer_id=customer)


@accounts.command("file-brand")
def file_brand(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """Hand an account's brand and campaigns to the registry; completing a profile does the same for it."""
    _operate(home, database, as_json, "accounts file-brand", customer_id=customer)


@webhooks.command("list")
def list_webhooks(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """List an account's webhooks: active, unreachable, disabled or switched off, and how many events wait."""
    _operate(home, database, as_json, "webhooks list", customer_id=customer)


@webhooks.command("enable")
def enable_webhook(
    customer: Customer,
    webhook: Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Enable a webhook again, and send the events that were kept for it."""
    _operate(home, database, as_json, "webhooks enable", customer_id=customer, webhook_id=webhook)


@webhooks.command("replay")
def replay_webhook(
    customer: Customer,
    webhook: Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id.")],
    event: Annotated[str | None, typer.Option(metavar="ID", help="One event, by its id in the webhook's log.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Created from then on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Created before then.")] = None,
    status: Annotated[DeliveryStatus, typer.Option(help="How they ended.")] = "failed",
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Send a webhook's events again: all that failed, unless told otherwise."""
    from sent_server.cli import replay, table

    asked = {"event_id": event, "since": since, "until": until, "status": status}
    table.show(replay.run(home, database, customer, webhook, asked), as_json=as_json)


@keys.command("create")
def create_key(
    customer: Customer,
    role: Annotated[ProcessRole | None, typer.Option(help="What the key may do; admin unless told.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="ID", help="Make it a key of this profile.")] = None,
    user: Annotated[str | None, typer.Option(metavar="USER_ID", help="Make it this user's, with their role.")] = None,
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    _operate(home, database, as_json, "keys create", customer_id=customer, role=role, profile_id=profile, user_id=user)


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


@users.command("list")
def list_users(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """List an account's users with their roles."""
    _operate(home, database, as_json, "users list", customer_id=customer)


@users.command("invite")
def invite_user(
    customer: Customer,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[ProcessRole, typer.Option(help="What the user may do.")] = "developer",
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Invite somebody, and show the link to pass on."""
    _operate(home, database, as_json, "users invite", customer_id=customer, email=email, name=name, role=role)


@users.command("invitations")
def list_invitations(customer: Customer, home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """List the invitations without an answer, with their links."""
    _operate(home, database, as_json, "users invitations", customer_id=customer)


@users.command("suspend")
def suspend_user(
    customer: Customer,
    user_id: User,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user work again.")] = False,
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a user's keys, at once, until told otherwise."""
    _operate(home, database, as_json, "users suspend", customer_id=customer, user_id=user_id, suspended=not undo)


@users.command("remove")
def remove_user(
    customer: Customer, user_id: User, home: Home = None, database: Database = None, as_json: AsJson = False
) -> None:
    """Take a user out, with the user's keys."""
    _operate(home, database, as_json, "users remove", customer_id=customer, user_id=user_id)


@sim_clock.command("show")
def show_clock(home: Home = None, database: Database = None, as_json: AsJson = False) -> None:
    """Show the time of the installation, and how far it was moved."""
    _operate(home, database, as_json, "sim clock show")


@sim_clock.command("advance")
def advance_clock(
    by: Annotated[str, typer.Argument(metavar="DURATION", help="How far: 1500ms, 90s, 5m, 2h, 8d.")],
    home: Home = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Move the time of the whole installation forward, for all accounts. It cannot be moved back."""
    _operate(home, database, as_json, "sim clock advance", by=by)


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
        advice = " (`sent doctor` examines everything)" if failures.is_outside(error) else ""
        print(f"sent: {text}{advice}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
