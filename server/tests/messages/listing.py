"""Messages to and from people, and the list that shows them."""

from typing import Any

from harness import samples
from harness.client import Client
from harness.waiting import at_least, wait_for

Row = dict[str, Any]
PATH = "/v3/messages"


def template_of(http: Client, text: str = "Hello from the list.") -> str:
    return str(http.post("/v3/templates", samples.template(text)).data["id"])


def send(http: Client, template_id: str, *phones: str, channel: str = "sms") -> list[str]:
    body = {"to": list(phones) or [samples.phone()], "template": {"id": template_id}, "channel": [channel]}
    answer = http.post(PATH, body)
    assert answer.status == 202, answer.body
    return [recipient["message_id"] for recipient in answer.data["recipients"]]


def receive(http: Client, phone: str, text: str = "Thanks, on my way", channel: str = "sms") -> Row:
    """The message that somebody wrote, as the list shows it."""
    before = len(listed(http, phone=phone, direction="inbound"))
    assert http.post(f"/sim/phones/{phone}/messages", {"channel": channel, "text": text}).status < 300
    rows = wait_for(lambda: listed(http, phone=phone, direction="inbound"), 15, until=at_least(before + 1))
    return rows[0]


def listed(http: Client, **query: Any) -> list[Row]:
    answer = http.get(PATH, query={"page_size": 100, **query})
    assert answer.status == 200, answer.body
    rows: list[Row] = answer.data["messages"]
    return rows


def ids_of(http: Client, **query: Any) -> list[str]:
    return [row["id"] for row in listed(http, **query)]
