"""The output of `sent up` and `sent demo`: live timelines, and the addresses of the server."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from os import getpid

import orjson
from rich.console import Console
from rich.text import Text

from sent_server.cli import installation, quickstart
from sent_server.cli.apiclient import ApiClient
from sent_server.cli.demofile import DemoFile
from sent_server.cli.failures import CommandError
from sent_server.cli.quickstart import QuickstartStep
from sent_server.messages.statuses import DELIVERED, FAILED, READ
from sent_server.settings import Settings
from sent_server.templates import seeds

COLOURS: Mapping[str, str] = {DELIVERED: "bold green", READ: "green", FAILED: "bold red"}


def ready_line(base_url: str, demo: DemoFile | None, notices: Sequence[str]) -> None:
    """Print one JSON line for scripts. Notices go to standard error."""
    for notice in notices:
        print(f"sent: {notice}", file=sys.stderr)
    found = asdict(demo) if demo else dict.fromkeys(each.name for each in fields(DemoFile))
    print(orjson.dumps({**found, "base_url": base_url, "pid": getpid()}).decode(), flush=True)


def warnings(settings: Settings) -> list[str]:
    """Warnings about the network exposure of this server."""
    said: list[str] = []
    loopback_only = settings.listens_on_loopback
    if settings.egress_allow_loopback and loopback_only:
        said.append("webhooks may reach this machine (127.0.0.0/8, ::1); SENT_EGRESS_ALLOW_LOOPBACK=false closes that")
    elif settings.egress_allow_loopback:
        said.append("egress_allow_loopback is ignored, because this server listens on more than loopback")
    if not loopback_only:
        said.append("other machines can reach this server without TLS; use a proxy with TLS")
    return said


def welcome(
    settings: Settings,
    base_url: str,
    demo: DemoFile | None,
    is_first: bool,
    notices: Sequence[str],
    dashboard_url: str | None,
    stopped: Callable[[], bool],
) -> None:
    """Send a first message on the first start, then show how to send another. Runs in a thread of the server.

    `dashboard_url` signs the owner of the demo account in, once.

    The key is shown on a terminal only, because files and journals are kept and others may read them.
    """
    console, shows_key = Console(highlight=False), sys.stdout.isatty()
    for notice in notices:
        console.print(Text.assemble(("! ", "yellow"), notice), soft_wrap=True)
    command = _try_out(console, base_url, demo, is_first, stopped, shows_key=shows_key) if demo else None
    if stopped():
        return
    console.print()
    rows = [("Dashboard", dashboard_url)] if dashboard_url else []
    rows += [("Base URL", base_url), ("Docs", f"{base_url}/docs")]
    if demo:
        rows.append(("API key", demo.api_key if shows_key else f"api_key in {settings.home}/demo.json"))
    rows.append(("Data", f"{settings.home} ({'SQLite' if installation.is_sqlite(settings) else 'PostgreSQL'})"))
    rows += [("Note", warning) for warning in warnings(settings)]
    for name, shown in rows:
        console.print(Text.assemble((f"{name:<9} ", "dim"), shown), soft_wrap=True)
    if command:
        console.print("\nSend one yourself:")
        console.print(Text(command, "cyan"), soft_wrap=True)
        name, samples = seeds.example()
        template = orjson.dumps({"name": name, "parameters": samples}).decode()
        console.print("Other templates take values in `parameters`; GET /v3/templates lists them:")
        console.print(Text(f'"template": {template}', "cyan"), soft_wrap=True)
    console.print("\n[dim]Ctrl-C stops the server.[/]")


def _try_out(
    console: Console, base_url: str, demo: DemoFile, is_first: bool, stopped: Callable[[], bool], *, shows_key: bool
) -> str | None:
    client = ApiClient(base_url, demo.api_key)
    try:
        template_id = quickstart.template_without_variables(client)
        if is_first:
            console.print(f"A first message to {quickstart.RECIPIENT}, on simulated carriers:")
            message_ids = quickstart.send(client, template_id=template_id, to=quickstart.RECIPIENT, channels=())
            show_steps(console, quickstart.follow(client, message_ids, stopped=stopped))
    except CommandError as error:
        if not stopped():
            console.print(Text.assemble(("No message was sent: ", "red"), str(error)), soft_wrap=True)
        return None
    finally:
        client.close()
    return quickstart.curl(
        base_url,
        demo.api_key if shows_key else None,
        template_id=template_id,
        to=quickstart.RECIPIENT,
        channels=quickstart.CHANNELS,
    )


def show_steps(console: Console, steps: Iterable[QuickstartStep]) -> list[QuickstartStep]:
    """Print each step when it happens. Returns all steps."""
    shown: list[QuickstartStep] = []
    for step in steps:
        console.print(
            Text.assemble(
                (f"{step.after_ms:>7,} ms  ", "dim"),
                (f"{step.status:<10}", COLOURS.get(step.status, "")),
                f"{step.channel:<9}",
                (step.description or "", "dim"),
            ),
            soft_wrap=True,
        )
        shown.append(step)
    return shown
