"""The `sent` command: registers the commands, and turns errors into one line and an exit code."""

import os
import sys

import typer

from sent_server.cli.commands import (
    accounts,
    connections,
    dashboard,
    keys,
    maintenance,
    processes,
    sim,
    users,
    webhooks,
)

app = typer.Typer(
    help="One API for SMS, WhatsApp and RCS that anyone can run.", no_args_is_help=True, add_completion=False
)
app.pretty_exceptions_enable = False
processes.register(app)
maintenance.register(app)
app.add_typer(accounts.group, name="accounts")
app.add_typer(connections.group, name="connections")
app.add_typer(keys.group, name="keys")
app.add_typer(webhooks.group, name="webhooks")
app.add_typer(users.group, name="users")
app.add_typer(dashboard.group, name="dashboard")
app.add_typer(sim.group, name="sim")


def main() -> None:
    os.umask(0o077)  # files contain people's messages, which other users of this machine must not read
    try:
        app()
    except Exception as error:
        from sent_server.cli import failures

        text = failures.explain(error)
        if text is None:
            raise
        advice = " (run `sent doctor` to check everything)" if failures.is_outside(error) else ""
        print(f"sent: {text}{advice}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
