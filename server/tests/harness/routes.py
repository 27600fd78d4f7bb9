"""The server's route table as the matrix needs it: a valid body for each mutation, and a row to aim at."""

import asyncio
import functools
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness import samples
from harness.client import Client
from sent_server.app import Platform
from sent_server.http.route import Route
from sent_server.settings import Settings

Json = dict[str, Any]


def _make_message(http: Client) -> str:
    sent = http.post("/v3/messages", {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]})
    return str(sent.data["recipients"][0]["message_id"])


# A row of each collection; a collection that is missing here fails at import, so it cannot be forgotten.
_MAKERS: dict[str, Callable[[Client], str]] = {
    "/v3/contacts": lambda http: str(http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]),
    "/v3/templates": lambda http: str(http.post("/v3/templates", samples.template()).data["id"]),
    "/v3/webhooks": lambda http: str(http.post("/v3/webhooks", samples.webhook()).data["id"]),
    "/v3/messages": _make_message,
}
# A body for each mutation that needs one.
_BODIES: dict[str, Callable[[], Json]] = {
    "POST /v3/contacts": lambda: {"phone_number": samples.phone()},
    "PATCH /v3/contacts/{id}": lambda: {"opt_out": True},
    "POST /v3/templates": lambda: samples.template(),
    "PUT /v3/templates/{id}": lambda: {"name": "renamed by the matrix"},
    "POST /v3/messages": lambda: {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]},
    "POST /v3/webhooks": lambda: samples.webhook(),
    "PUT /v3/webhooks/{id}": lambda: samples.webhook(),
    "POST /v3/webhooks/{id}/test": lambda: {"event_type": "message.delivered"},
    "PATCH /v3/webhooks/{id}/toggle-status": lambda: {"is_active": False},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """`owned` rows have an id in the path and belong to one tenant; `make` creates one through the API."""

    method: str
    path: str
    roles: frozenset[str]
    body: Callable[[], Json] | None
    owned: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def collection(self) -> str:
        return self.path.partition("/{")[0]

    def path_for(self, identifier: str) -> str:
        return re.sub(r"\{\w+\}", identifier, self.path.replace("{phone}", samples.phone()))

    def make(self, http: Client) -> str:
        return _MAKERS[self.collection](http)


@functools.cache
def served() -> Sequence[Route]:
    """The table of a platform put together as the server does it, without workers."""

    async def read(home: str) -> Sequence[Route]:
        platform = await Platform.open(Settings(home=home))
        await platform.close()
        return platform.routes

    with tempfile.TemporaryDirectory(prefix="sent-test-routes-") as home:
        return asyncio.run(read(home))


@functools.cache
def entries() -> list[Entry]:
    found: list[Entry] = []
    for route in served():
        owned = "{id}" in route.path
        assert not owned or route.path.partition("/{")[0] in _MAKERS, f"tell the matrix how to make a {route.path}"
        body = _BODIES.get(route.name, dict) if route.body is not None else None
        roles = frozenset(role.value for role in route.access.value)
        found.append(Entry(route.method, route.path, roles, body, owned))
    return found
