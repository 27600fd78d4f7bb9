"""One row of the contract table: a request, and the documented answer it must get."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from harness import brands, samples
from harness.client import NOTHING, Client, Response
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for

Json = dict[str, Any]
OWN_COMPLIANCE = {"inherit_tcr_brand": False, "inherit_tcr_campaign": False, "billing_model": "organization"}


@dataclass
class World:
    """What rows may refer to. Names in braces in a path are made on demand through the API."""

    server: Server
    receiver: Receiver

    @property
    def http(self) -> Client:
        return self.server.http

    @functools.cached_property
    def poor(self) -> Account:
        """An account without money, with a template called `ours`."""
        account = self.server.create_account("Poor", balance="0")
        made = account.http.post("/v3/templates", samples.template()).data
        account.http.put(f"/v3/templates/{made['id']}", {"name": "ours"})
        return account

    def contact(self, phone: str | None = None) -> Json:
        made: Json = self.http.post("/v3/contacts", {"phone_number": phone or samples.phone()}).data
        return made

    def template(self, *, approved: bool = False, text: str = "Hello from the contract.") -> Json:
        made: Json = self.http.post("/v3/templates", samples.template(text, submit_for_review=approved)).data
        if approved:
            path = f"/v3/templates/{made['id']}"
            wait_for(
                lambda: self.http.get(path).data["status"],
                15,
                until=equal_to("APPROVED"),
                what="the simulated reviewer",
            )
        return made

    def webhook(self) -> Json:
        made: Json = self.http.post("/v3/webhooks", samples.webhook(self.receiver.url())).data
        return made

    def message(self) -> Json:
        body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
        made: Json = self.http.post("/v3/messages", body).data["recipients"][0]
        return {"id": made["message_id"]}

    def held_message(self) -> Json:
        at = datetime.now(UTC) + timedelta(days=20)
        return self._sent({"template": {"name": "welcome"}, "channel": ["sms"], "scheduled_at": at.isoformat()})

    def failed_message(self) -> Json:
        """Its template has no values."""
        return self._sent({"template": {"name": "order_confirmation"}, "channel": ["sms"]})

    def _sent(self, body: Json) -> Json:
        made: Json = self.http.post("/v3/messages", {"to": [samples.phone()], **body}).data["recipients"][0]
        return {"id": made["message_id"]}

    def brand(self) -> Json:
        """The account's one brand."""
        return brands.own(self.http)

    def brand_campaign(self) -> Json:
        made: Json = self.http.post(f"/v3/brands/{self.brand()['id']}/campaigns", samples.campaign()).data
        return made

    @functools.cached_property
    def heir(self) -> Account:
        """A profile that inherits brand and campaigns, as those that operators make do."""
        return self.server.create_profile(self.server.customer_id, "Heir")

    def heir_profile(self) -> Json:
        return {"id": self.heir.customer_id}

    def profile_without_brand(self) -> Json:
        made: Json = self.http.post("/v3/profiles", {**OWN_COMPLIANCE, "name": "No brand"}).data
        return made

    @functools.cached_property
    def branded(self) -> Json:
        """A profile with a brand of its own."""
        body = {**OWN_COMPLIANCE, "name": "Branded", "brand": samples.nested_brand()}
        made: Json = self.http.post("/v3/profiles", body).data
        return made

    def profile(self) -> Json:
        return self.branded

    def fresh_profile(self) -> Json:
        made: Json = self.http.post("/v3/profiles", {"name": "Fresh", "billing_model": "organization"}).data
        return made

    @functools.cached_property
    def unconnected(self) -> Account:
        """An organization without any channel."""
        customer_id = self.server.ask("accounts create", name="Unconnected", tier="unlimited", channels=False)
        found = str(customer_id["customer_id"])
        return self.server.account(found, self.server.create_key(found))

    def campaign(self) -> Json:
        path = f"/v3/profiles/{self.branded['id']}/campaigns"
        made: Json = self.http.post(path, samples.campaign()).data
        return made

    def user(self) -> Json:
        made: Json = self.http.post("/v3/users", samples.user()).data
        return made

    def owner(self) -> Json:
        """The demo account's, whose key this is."""
        made: Json = self.http.get("/v3/users").data["users"][0]
        return made

    def invitation(self) -> str:
        """The token of a new one."""
        made = self.user()
        links = {
            item["user_id"]: item["link"]
            for item in self.server.ask("users invitations", customer_id=self.server.customer_id)
        }
        return str(links[made["id"]].rpartition("/")[2])

    def opted_out(self) -> str:
        contact = self.contact()
        self.http.patch(f"/v3/contacts/{contact['id']}", {"opt_out": True})
        return str(contact["phone_number"])

    def forget(self, phone: str) -> None:
        """Make sure that no contact has this number."""
        found = self.http.get("/v3/contacts", query={"phone": phone})
        if found.status == 200:
            self.http.delete(f"/v3/contacts/{found.data['contacts'][0]['id']}", {})

    def fill(self, path: str) -> str:
        def value(match: re.Match[str]) -> str:
            match match.group(1):
                case "unknown":
                    return samples.UNKNOWN_ID
                case "malformed":
                    return "not-an-id"
                case name:
                    return str(getattr(self, name)()["id"])

        return re.sub(r"\{(\w+)\}", value, path)


@dataclass(frozen=True, slots=True)
class Row:
    """`body` may be a function of the world. `code` is None for a success; `says` the documented message."""

    operation: str
    what: str
    path: str
    status: int
    code: str | None = None
    body: Json | Callable[[World], Any] | None = None
    says: str | None = None
    details: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    caller: Callable[[World], Client] | None = None
    check: Callable[[Any], object] | None = None

    @property
    def name(self) -> str:
        return f"{self.operation} - {self.what}"

    def call(self, world: World) -> Response:
        body = self.body(world) if callable(self.body) else self.body
        http = self.caller(world) if self.caller else world.http
        sent: Any = NOTHING if body is None else body
        method = self.operation.partition(" ")[0]
        return http.request(method, world.fill(self.path), json=sent, headers=self.headers)

    def judge(self, answer: Response) -> None:
        assert (answer.status, answer.code) == (self.status, self.code), answer.body[:1000]
        if self.says:
            assert answer.error["message"] == self.says
        if self.details:
            assert self.details in answer.details, answer.body
        if self.check:
            assert self.check(answer.data), answer.body[:2000]
