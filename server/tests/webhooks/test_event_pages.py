"""The bodies that docs/reference/events.md shows have the keys and types of what the server really sends."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness import samples
from harness.receiver import Receiver
from harness.server import Account
from harness.waiting import wait_for

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "events.md"
# Numbers at which a message ends with this event.
ENDS = {"message.delivered": "+14155550100", "message.failed": "+14155550103"}
# Of message events only, as the page says.
OLDER = {"type", "data", "id", "status", "channel", "to", "from", "template_id", "error"}


def shown(name: str) -> dict[str, Any]:
    found = [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]
    [body] = [one for one in found if one.get("event", one.get("field")) == name]
    return body


def form(value: Any) -> Any:
    """Keys and types; a time and an id keep what makes them one."""
    if isinstance(value, dict):
        return {key: form(one) for key, one in value.items()}
    if isinstance(value, str):
        return re.sub(r"[0-9]", "0", value) if re.fullmatch(r"[0-9-]+T[0-9:]+Z|[A-Z]+", value) else "text"
    return type(value).__name__


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("message.delivered", None),
        ("message.failed", None),
        ("message.received", "Where is my order?"),
        ("contact.opt_out", "STOP"),
        ("templates", None),
        ("channel.activated", None),
    ],
)
def test_a_body_on_the_page_is_one_of_ours(
    fresh_account: Account, receiver: Receiver, name: str, text: str | None
) -> None:
    http = fresh_account.http
    made = http.post(
        "/v3/webhooks", samples.webhook(receiver.url(), "messages" if name.startswith("message") else name)
    )
    assert made.status == 201
    if name in ENDS:
        template_id = http.post("/v3/templates", samples.template()).data["id"]
        sent = {"to": [ENDS[name]], "template": {"id": template_id}, "channel": ["sms"]}
        assert http.post("/v3/messages", sent).status == 202
    elif name.startswith("channel"):
        market = {"country": "GB", "number_type": "ALPHANUMERIC", "sender_value": "Acme"}
        assert http.post("/v3/channels/sms", market).status == 201
    elif text is None:
        http.post("/v3/templates", samples.template(submit_for_review=True))
    else:
        http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": text})
    status = shown(name)["payload"].get("status")

    def expected() -> list[Any]:
        found = [got.json for got in receiver.deliveries if got.json["payload"].get("status") == status]
        return [one for one in found if one.get("event") == name] if name in ENDS else found

    [real] = wait_for(expected, 15)
    extra = OLDER if name.startswith("message.") else set()
    assert form(shown(name)) == form({key: value for key, value in real.items() if key not in extra})
    assert extra <= set(real)
