"""Every list of the API as tests walk it: where it is, and how rows come and go."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness import contract, samples
from harness.client import Client
from harness.server import Account, Server
from harness.waiting import at_least, wait_for

Row = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """A list of one account, and how a row is added and removed. `rows` is the name of its rows in the answer.

    `path` is as in the contract, and `at` fills it. `ascending` lists add at their end.
    """

    http: Client
    path: str
    add: Callable[[], str]
    remove: Callable[[str], None] | None = None
    at: str = ""
    rows: str = ""
    ascending: bool = False
    filters: Mapping[str, str] = field(default_factory=dict[str, str])

    def page(self, **query: Any) -> tuple[list[str], Row]:
        answer = self.http.get(self.at or self.path, query={"page_size": 2, **self.filters, **query})
        assert answer.status == 200, answer.body
        rows = answer.data[self.rows or self.path.rpartition("/")[2].replace("-", "_")]
        return [key_of(row) for row in rows], answer.data["pagination"]

    def everything(self) -> list[str]:
        return self.page(page_size=100)[0]


Maker = Callable[[Account, Server], Listed]


def key_of(row: Row) -> str:
    return str(row.get("id") or row["phone"])


def adds(http: Client, path: str, body: Callable[[], Row]) -> Callable[[], str]:
    def add() -> str:
        made = http.post(path, body())
        assert made.status == 201, made.body
        return str(made.data["id"])

    return add


def removes(http: Client, path: str) -> Callable[[str], None]:
    def remove(row_id: str) -> None:
        assert http.delete(f"{path}/{row_id}", {}).status == 204

    return remove


def simple(http: Client, path: str, body: Callable[[], Row], **options: Any) -> Listed:
    return Listed(http, path, adds(http, path, body), removes(http, path), **options)


def contacts(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/contacts", _contact)


def filtered_contacts(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/contacts", _contact, filters={"channel": "sms"})


def inherited_contacts(account: Account, server: Server) -> Listed:
    made = contacts(account, server)
    body = {"name": "Heir", "billing_model": "organization", "inherit_contacts": True}
    profile_id = str(account.http.post("/v3/profiles", body).data["id"])
    heir = server.client(account.api_key, x_profile_id=profile_id)
    return Listed(heir, made.path, made.add, made.remove)


def templates(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/templates", samples.template)


def filtered_templates(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/templates", samples.template, filters={"status": "DRAFT"})


def webhooks(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/webhooks", samples.webhook)


def webhook_log(account: Account, server: Server) -> Listed:
    http, phone = account.http, samples.phone()
    webhook = http.post("/v3/webhooks", samples.webhook("http://127.0.0.1:9/nobody-listens", "message")).data
    at = f"/v3/webhooks/{webhook['id']}/events"

    def logged() -> list[Row]:
        rows: list[Row] = http.get(at, query={"page_size": 100}).data["events"]
        return rows

    def add() -> str:
        before = len(logged())
        _write(http, phone)
        return str(wait_for(logged, 20, until=at_least(before + 1), what="another event")[0]["id"])

    return Listed(http, "/v3/webhooks/{id}/events", add, at=at)


def users(account: Account, server: Server) -> Listed:
    return simple(account.http, "/v3/users", samples.user, ascending=True)


def profiles(account: Account, server: Server) -> Listed:
    body = {"name": "One of many", "billing_model": "organization"}
    return simple(account.http, "/v3/profiles", lambda: body, ascending=True)


def sender_profiles(account: Account, server: Server) -> Listed:
    def body() -> Row:
        return {"name": "One of many", "short_name": f"M{uuid.uuid4().hex[:8].upper()}", "billing": {"inherit": True}}

    return simple(account.http, "/v3/sender-profiles", body)


def messages(account: Account, server: Server) -> Listed:
    return Listed(account.http, "/v3/messages", sends(account.http))


def filtered_messages(account: Account, server: Server) -> Listed:
    return Listed(account.http, "/v3/messages", sends(account.http), filters={"direction": "outbound"})


def messages_by_phone(account: Account, server: Server) -> Listed:
    phone = samples.phone()
    return Listed(account.http, "/v3/messages", sends(account.http, phone), filters={"phone": phone})


def conversations(account: Account, server: Server) -> Listed:
    return Listed(account.http, "/v3/conversations", sends(account.http), rows="messages")


def conversation(account: Account, server: Server) -> Listed:
    http, phone = account.http, samples.phone()
    at = f"/v3/conversations/{http.post('/v3/contacts', {'phone_number': phone}).data['id']}"
    return Listed(http, "/v3/conversations/{id}", sends(http, phone), at=at, rows="messages")


def phones(account: Account, server: Server) -> Listed:
    def add() -> str:
        number = samples.phone()
        _write(account.http, number)
        return number

    return Listed(account.http, "/sim/phones", add)


def phone_messages(account: Account, server: Server) -> Listed:
    phone = samples.phone()
    at = f"/sim/phones/{phone}/messages"

    def add() -> str:
        _write(account.http, phone)
        return key_of(account.http.get(at).data["messages"][0])

    return Listed(account.http, "/sim/phones/{phone}/messages", add, at=at)


def sends(http: Client, phone: str = "") -> Callable[[], str]:
    template_id = str(http.post("/v3/templates", samples.template()).data["id"])

    def send() -> str:
        body = {"to": [phone or samples.phone()], "template": {"id": template_id}, "channel": ["sms"]}
        sent = http.post("/v3/messages", body)
        assert sent.status == 202, sent.body
        return str(sent.data["recipients"][0]["message_id"])

    return send


def _contact() -> Row:
    return {"phone_number": samples.phone()}


def _write(http: Client, phone: str) -> None:
    said = http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "hello"})
    assert said.status < 300, said.body


OF_THE_CONTRACT: Mapping[str, Maker] = {
    "/v3/contacts": contacts,
    "/v3/conversations": conversations,
    "/v3/conversations/{id}": conversation,
    "/v3/messages": messages,
    "/v3/profiles": profiles,
    "/v3/sender-profiles": sender_profiles,
    "/v3/templates": templates,
    "/v3/users": users,
    "/v3/webhooks": webhooks,
    "/v3/webhooks/{id}/events": webhook_log,
}
OTHERS = (filtered_contacts, inherited_contacts, filtered_templates, filtered_messages, messages_by_phone, phones,
          phone_messages)  # fmt: skip
SERVED = [make for path, make in OF_THE_CONTRACT.items() if contract.find("GET", path.replace("{id}", "1"))]
EVERY: list[Maker] = [*SERVED, *OTHERS]


def paths_with_cursors() -> set[str]:
    """The paths of the contract whose lists take `after`."""
    return {
        operation.path
        for operation in contract.operations()
        if operation.method == "GET"
        and any(one.get("$ref", "").endswith("/After") for one in operation.definition.get("parameters", ()))
    }
