"""The server's route table as the matrix needs it: a valid body for each mutation, and a row to aim at."""

import asyncio
import functools
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from harness import brands, samples
from harness.client import Client
from harness.server import Server
from sent_server.app import Platform
from sent_server.http import fields
from sent_server.http.route import Route
from sent_server.settings import Settings

Json = dict[str, Any]
# Both show the same rows.
PROFILES = ("/v3/profiles", "/v3/sender-profiles")


def _make_message(http: Client) -> str:
    """One that waits, so that it changes only when somebody changes it."""
    at = datetime.now(UTC) + timedelta(days=20)
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
    sent = http.post("/v3/messages", {**body, "scheduled_at": at.isoformat()})
    return str(sent.data["recipients"][0]["message_id"])


# A row of each collection; a collection that is missing here fails at import, so it cannot be forgotten.
_MAKERS: dict[str, Callable[[Client], str]] = {
    "/v3/contacts": lambda http: str(http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]),
    "/v3/conversations": lambda http: str(http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]),
    "/v3/templates": lambda http: str(http.post("/v3/templates", samples.template()).data["id"]),
    "/v3/webhooks": lambda http: str(http.post("/v3/webhooks", samples.webhook()).data["id"]),
    "/v3/messages": _make_message,
    "/v3/brands": lambda http: str(brands.own(http)["id"]),
    "/v3/users": lambda http: str(http.post("/v3/users", samples.user()).data["id"]),
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
    "POST /v3/users": lambda: samples.user(),
    "PATCH /v3/users/{userId}": lambda: {"role": "billing"},
    "PATCH /v3/webhooks/{id}/toggle-status": lambda: {"is_active": False},
    "POST /v3/brands": lambda: samples.brand(),
    "PUT /v3/brands/{brandId}": lambda: samples.brand(),
    "POST /v3/brands/{brandId}/campaigns": lambda: samples.campaign(),
    "PUT /v3/brands/{brandId}/campaigns/{campaignId}": lambda: samples.campaign(),
    "POST /v3/profiles": lambda: {"name": "A profile of the matrix"},
    "PATCH /v3/profiles/{profileId}": lambda: {"description": "described by the matrix"},
    "POST /v3/profiles/{profileId}/complete": lambda: {"webHookUrl": "https://example.com/completed"},
    "POST /v3/profiles/{profileId}/campaigns": lambda: samples.campaign(),
    "PUT /v3/profiles/{profileId}/campaigns/{campaignId}": lambda: samples.campaign(),
    "POST /v3/sender-profiles": lambda: {"name": "A profile of the matrix", "short_name": "MATRIX"},
    "PATCH /v3/sender-profiles/{id}": lambda: {"description": "described by the matrix"},
    "POST /v3/channels/sms": samples.market,
    "POST /v3/channels/whatsapp": lambda: {"waba_id": "102290129340398"},
    "POST /v3/channels/rcs": samples.rcs_agent,
    "POST /sim/phones/{phone}/messages": lambda: {"channel": "sms", "text": "Said by the matrix"},
    "POST /sim/phones/{phone}/receipts": lambda: {"channel": "sms", "kind": "delivered"},
    "PUT /sim/faults": lambda: {"faults": []},
    "POST /sim/clock": lambda: {"advance_ms": 1},
}
# A query for each route that needs one.
_QUERIES = {"GET /v3/compliance/requirements": "?country=US&type=TEN_DLC"}


@dataclass(frozen=True, slots=True)
class Entry:
    """`owned` rows have an id in the path and belong to one tenant; `make` creates one through the API.

    `scopes`: the header x-profile-id selects a profile.
    """

    method: str
    path: str
    roles: frozenset[str]
    body: Callable[[], Json] | None
    owned: bool
    scopes: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def collection(self) -> str:
        return self.path.partition("/{")[0]

    def path_for(self, identifier: str) -> str:
        path = self.path.replace("{country}/{type}", "US/TEN_DLC") + _QUERIES.get(self.name, "")
        return re.sub(r"\{\w+\}", identifier, re.sub(r"\{phone(Number)?\}", samples.phone(), path))

    def make(self, server: Server, http: Client | None = None) -> str:
        """A row of the demo account, or of the one whose client `http` is."""
        if self.collection in PROFILES:
            return server.create_profile(server.customer_id, "A profile of the matrix").customer_id
        return _MAKERS[self.collection](http or server.http)


@functools.cache
def platform() -> Platform:
    """Put together as the server does it, without workers, and closed again."""

    async def read(home: str) -> Platform:
        platform = await Platform.open(Settings(home=home))
        await platform.close()
        return platform

    with tempfile.TemporaryDirectory(prefix="sent-test-routes-") as home:
        return asyncio.run(read(home))


def served() -> Sequence[Route]:
    """The table of operations that need a key."""
    return platform().routes


def open_paths() -> set[str]:
    """Whatever else is mounted: these need none."""
    front: Any = platform().asgi
    mounted = {*front._fixed, *(route.path for route in front._router.routes)}
    return mounted - {re.sub(r"\}$", ":rest}", route.path) if route.catch_all else route.path for route in served()}


@functools.cache
def entries() -> list[Entry]:
    found: list[Entry] = []
    for route in served():
        owned = re.search(r"\{(id|\w+Id)\}", route.path) is not None
        known = {*PROFILES, *_MAKERS}
        assert not owned or route.path.partition("/{")[0] in known, f"tell the matrix how to make a {route.path}"
        body = _BODIES.get(route.name, dict) if route.body is not None else None
        if route.body is not None and body is not None:
            fields.validate(route.body, body())  # a refusal here: give the matrix a body for this route
        roles = frozenset(role.value for role in route.access.value)
        found.append(Entry(route.method, route.path, roles, body, owned, route.scopes))
    return found
