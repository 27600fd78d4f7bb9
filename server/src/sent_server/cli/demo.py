"""`sent demo`: sends the quickstart's message to a running server and shows its timeline."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console

from sent_server.cli import demofile, installation, quickstart, screen
from sent_server.cli.apiclient import ApiClient
from sent_server.cli.failures import CommandError
from sent_server.cli.home import Home
from sent_server.messages.lifecycle import REACHED


def run(
    home: Path | None,
    base_url: str | None,
    api_key: str | None,
    *,
    to: str,
    template_id: str | None,
    channels: Sequence[str] | None,
    as_json: bool,
) -> None:
    """Raises CommandError if there is no server, if it returns an error, or if a message does not arrive."""
    client = ApiClient(*_find(home, base_url, api_key))
    console = Console(highlight=False, quiet=as_json)
    console.print(f"Sending to {to} through {client.base_url}")
    message_ids = quickstart.send(
        client,
        template_id=template_id or quickstart.template_without_variables(client),
        to=to,
        channels=quickstart.CHANNELS if channels is None else channels,
    )
    steps = screen.show_steps(console, quickstart.follow(client, message_ids, stopped=lambda: False))
    client.close()
    if as_json:
        print(orjson.dumps({"message_ids": message_ids, "timeline": [asdict(step) for step in steps]}).decode())
    last = {step.message_id: step.status for step in steps}
    missing = [message_id for message_id in message_ids if last.get(message_id) not in REACHED]
    if missing:
        raise CommandError(f"not delivered: {', '.join(missing)}; see the timeline above")


def _find(home: Path | None, base_url: str | None, api_key: str | None) -> tuple[str, str]:
    """The first of: flags, the pair of SENT_BASE_URL and SENT_DM_API_KEY, demo.json."""
    if base_url and api_key:
        return base_url, api_key
    env_url = os.environ.get("SENT_BASE_URL") or os.environ.get("SENT_DM_BASE_URL")
    env_key = os.environ.get("SENT_DM_API_KEY")
    # A single one may belong to another server, to which our key must not be sent.
    if env_url and env_key:
        return base_url or env_url, api_key or env_key
    folder = Home(Path(installation.settings_of(home, None).home).resolve())
    kept = demofile.read(folder)
    if kept is None:
        raise CommandError(
            f"no server found: {folder.demo_file} does not exist; run `sent up`, or use --base-url and --api-key"
        )
    return base_url or kept.base_url, api_key or kept.api_key
