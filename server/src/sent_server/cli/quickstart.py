"""Sends a first message through the HTTP API and follows it until its final status."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sent_server.cli.apiclient import ApiClient
from sent_server.cli.failures import CommandError
from sent_server.kernel.channels import SMS, WHATSAPP
from sent_server.kernel.values import value_object
from sent_server.messages.lifecycle import ENDED

RECIPIENT = "+1234567890"
# The documented quickstart uses both channels: one message on each.
CHANNELS = (SMS, WHATSAPP)
POLL_S = 0.1
SLOW_POLL_S = 0.5
POLL_FAST_FOR_S = 3.0
PATIENCE_S = 45.0


@value_object
class QuickstartStep:
    """One event of one message. `after_ms` counts from its first event."""

    message_id: str
    channel: str
    status: str
    description: str | None
    after_ms: int


def template_without_variables(client: ApiClient) -> str:
    """The id of an approved template without parameters."""
    found = client.get("/v3/templates?status=APPROVED&page_size=100")
    for template in found["templates"]:
        if not template.get("variables"):
            return str(template["id"])
    raise CommandError("this account has no approved template without variables; name one with --template")


def send(client: ApiClient, *, template_id: str, to: str, channels: Sequence[str]) -> list[str]:
    """The ids of the accepted messages."""
    body: dict[str, Any] = {"to": [to], "template": {"id": template_id}}
    if channels:
        body["channel"] = list(channels)
    accepted = client.post("/v3/messages", body)
    return [str(recipient["message_id"]) for recipient in accepted["recipients"]]


def follow(client: ApiClient, message_ids: Sequence[str], *, stopped: Callable[[], bool]) -> Iterator[QuickstartStep]:
    """Yields each event once, as it happens. Ends when all messages are final, or after 45 s."""
    seen = dict.fromkeys(message_ids, 0)
    open_ids = list(message_ids)
    started_s = time.monotonic()
    while open_ids and not stopped() and time.monotonic() - started_s < PATIENCE_S:
        for message_id in list(open_ids):
            message = client.get(f"/v3/messages/{message_id}")
            steps = list(_steps(message))
            yield from steps[seen[message_id] :]
            seen[message_id] = len(steps)
            if message["status"] in ENDED:
                open_ids.remove(message_id)
        time.sleep(POLL_S if time.monotonic() - started_s < POLL_FAST_FOR_S else SLOW_POLL_S)


def _steps(message: dict[str, Any]) -> Iterator[QuickstartStep]:
    events: list[dict[str, Any]] = message["events"]
    for event in events:
        waited = datetime.fromisoformat(event["timestamp"]) - datetime.fromisoformat(events[0]["timestamp"])
        yield QuickstartStep(
            message_id=message["id"],
            channel=message.get("channel") or "",
            status=event["status"],
            description=event.get("description"),
            after_ms=round(waited.total_seconds() * 1000),
        )


def curl(base_url: str, api_key: str | None, *, template_id: str, to: str, channels: Sequence[str]) -> str:
    """A shell command that sends the same message. Without a key, it uses SENT_DM_API_KEY."""
    listed = ", ".join(f'"{channel}"' for channel in channels)
    body = f'{{"to": ["{to}"], "template": {{"id": "{template_id}"}}, "channel": [{listed}]}}'
    key = f"'x-api-key: {api_key}'" if api_key else '"x-api-key: $SENT_DM_API_KEY"'
    return f"curl -X POST {base_url}/v3/messages -H {key} -H 'Content-Type: application/json' -d '{body}'"
