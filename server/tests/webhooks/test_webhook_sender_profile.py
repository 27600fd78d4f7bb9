"""sender_profile: events of all profiles of an organization at one webhook of the organization."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Behaviour, Delivery, Receiver
from harness.server import Account, Server
from harness.waiting import equal_to, nothing, wait_for

WEBHOOKS = "/v3/webhooks"
DELIVERED = {"event_types": ["message"], "event_filters": {"message": ["delivered"]}}


class Profile:
    """A profile whose organization pays, with a key of its own."""

    def __init__(self, server: Server, organization: Account, name: str = "Branch") -> None:
        made = organization.http.post("/v3/profiles", {"name": name, "billing_model": "organization"})
        assert made.status == 201, made.body
        self.id = str(made.data["id"])
        self.http = server.client(server.create_key(organization.customer_id, profile=self.id))
        self.scoped = server.client(organization.api_key, x_profile_id=self.id)
        self.template = ""

    def send(self) -> str:
        """The id of a message that arrives within a second."""
        if not self.template:
            self.template = self.http.post("/v3/templates", samples.template()).data["id"]
        body = {"to": [samples.phone()], "template": {"id": self.template}, "channel": ["sms"]}
        sent = self.http.post("/v3/messages", body)
        assert sent.status == 202, sent.body
        return str(sent.data["recipients"][0]["message_id"])

    def has_delivered(self, message_id: str) -> None:
        status = lambda: self.http.get(f"/v3/messages/{message_id}").data["status"]  # noqa: E731
        wait_for(status, 20, until=equal_to("DELIVERED"))


@pytest.fixture
def profile(server: Server, fresh_account: Account) -> Profile:
    return Profile(server, fresh_account)


def create(http: Client, url: str, sender_profile: Any = DELIVERED, *own: str) -> str:
    body = {**samples.webhook(url, *(own or ("contact",))), "sender_profile": sender_profile}
    made = http.post(WEBHOOKS, body)
    assert made.status == 201, made.body
    assert "sender_profile" not in made.data
    return str(made.data["id"])


def messages(deliveries: list[Delivery]) -> list[str]:
    return [one.json["payload"]["message_id"] for one in deliveries]


def log(http: Client, hook: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = http.get(f"{WEBHOOKS}/{hook}/events?page_size=100").data["events"]
    return rows


def test_events_of_present_and_later_profiles_arrive_at_the_webhook_of_their_organization(
    server: Server, fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    http = fresh_account.http
    hook = create(http, receiver.url())
    own = create(profile.http, receiver.url("/own"), None, "message.delivered")
    first = profile.send()
    later = Profile(server, fresh_account, "Later")
    second = later.send()
    got = receiver.wait(2, 20, path="/hook")
    assert sorted(messages(got)) == sorted([first, second])
    assert {one.json["payload"]["account_id"] for one in got} == {profile.id, later.id}
    assert {one.headers["x-webhook-id"] for one in got} == {hook}
    assert {one.headers["x-webhook-event-type"] for one in got} == {"message.delivered"}
    [mine] = receiver.wait(1, 20, path="/own")
    assert (mine.headers["x-webhook-id"], messages([mine])) == (own, [first])
    same = next(one for one in got if messages([one]) == [first])
    assert same.json["request_id"] == mine.json["request_id"], "one event, two receivers"

    rows = wait_for(lambda: log(http, hook), until=lambda rows: {r["delivery_status"] for r in rows} == {"delivered"})
    assert {row["event_data"]["payload"]["account_id"] for row in rows} == {profile.id, later.id}
    assert len(rows) == http.get(f"{WEBHOOKS}/{hook}/events").data["pagination"]["total_count"] == 2
    assert profile.http.get(f"{WEBHOOKS}/{hook}/events").status == 404
    assert profile.scoped.get(f"{WEBHOOKS}/{hook}").status == 404
    assert [one["id"] for one in profile.http.get(WEBHOOKS).data["webhooks"]] == [own]


def test_the_organizations_own_events_follow_event_types_and_not_sender_profile(
    fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    http = fresh_account.http
    hook = create(http, receiver.url(), DELIVERED, "message.queued")
    template = http.post("/v3/templates", samples.template()).data["id"]
    http.post("/v3/messages", {"to": [samples.phone()], "template": {"id": template}, "channel": ["sms"]})
    profile.send()
    got = receiver.wait(2, 20)
    assert {(one.json["event"], one.json["payload"]["account_id"]) for one in got} == {
        ("message.queued", fresh_account.customer_id), ("message.delivered", profile.id),
    }  # fmt: skip
    assert len(log(http, hook)) == 2


def test_a_strangers_organization_hears_nothing(
    server: Server, fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    stranger = server.create_account().http
    hook = create(stranger, receiver.url("/stranger"), {"event_types": ["*"]})
    create(fresh_account.http, receiver.url(), {"event_types": ["*"]})
    profile.has_delivered(profile.send())
    receiver.wait(4, 20, path="/hook")
    assert (receiver.on("/stranger"), log(stranger, hook)) == ([], [])


@pytest.mark.parametrize("acting", ["http", "scoped"])
def test_only_an_organization_may_ask_for_it(profile: Profile, acting: str) -> None:
    http: Client = getattr(profile, acting)
    own = http.post(WEBHOOKS, samples.webhook()).data["id"]
    for response in (
        http.post(WEBHOOKS, {**samples.webhook(), "sender_profile": DELIVERED}),
        http.put(f"{WEBHOOKS}/{own}", {"sender_profile": DELIVERED}),
    ):
        assert (response.status, list(response.error["details"])) == (400, ["sender_profile"])
    assert http.put(f"{WEBHOOKS}/{own}", {"sender_profile": {"event_types": []}}).status == 200
    assert len(http.get(WEBHOOKS).data["webhooks"]) == 1


@pytest.mark.parametrize(("given", "code", "field"), [
    ({"event_types": ["nothing"]}, "VALIDATION_006", "sender_profile.event_types[0]"),
    ({"event_types": "message"}, "VALIDATION_001", "sender_profile.event_types"),
    ({"event_types": ["message"] * 101}, "VALIDATION_001", "sender_profile.event_types"),
    ({"event_filters": {"message": ["sent"]}}, "VALIDATION_001", "sender_profile.event_types"),
    ({"event_types": ["message"], "event_filters": {"message": ["no"]}}, "VALIDATION_006",
     "sender_profile.event_filters"),
    ({"event_types": [], "event_filters": {"message": ["sent"]}}, "VALIDATION_006", "sender_profile.event_filters"),
    ({"event_types": ["contact"], "event_filters": {"message": ["sent"]}}, "VALIDATION_006",
     "sender_profile.event_filters"),
    ("message", "VALIDATION_001", "sender_profile"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(fresh_account: Account, given: Any, code: str, field: str) -> None:
    http = fresh_account.http
    kept = create(http, "https://example.com/", DELIVERED, "message")
    for response in (
        http.post(WEBHOOKS, {**samples.webhook(), "sender_profile": given}),
        http.put(f"{WEBHOOKS}/{kept}", {"sender_profile": given}),
    ):
        assert (response.status, response.error["code"], list(response.error["details"])) == (400, code, [field])


@pytest.mark.parametrize(("change", "hears"), [
    ({"display_name": "Other"}, True),
    ({"sender_profile": None}, True),
    ({"sender_profile": {}}, True),
    ({"sender_profile": []}, True),
    ({"sender_profile": {"event_types": None, "event_filters": {}}}, True),
    ({"event_types": ["templates"]}, True),
    ({"sender_profile": {"event_types": ["message.delivered"]}}, True),
    ({"sender_profile": {"event_types": []}}, False),
    ({"sender_profile": {"event_types": [], "event_filters": None}}, False),
    ({"sender_profile": {"event_types": ["contact"]}}, False),
])  # fmt: skip
def test_an_update_keeps_replaces_or_removes_it(
    fresh_account: Account, profile: Profile, receiver: Receiver, change: dict[str, Any], hears: bool
) -> None:
    http = fresh_account.http
    hook = create(http, receiver.url())
    assert http.put(f"{WEBHOOKS}/{hook}", change).status == 200
    create(http, receiver.url("/witness"))
    sent = profile.send()
    receiver.wait(1, 20, path="/witness")
    if hears:
        receiver.wait(1, 20, path="/hook")
    assert [row["event_data"]["payload"]["message_id"] for row in log(http, hook)] == ([sent] if hears else [])


def test_switched_off_it_gets_nothing_and_deleted_it_is_gone(
    fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    http = fresh_account.http
    off, gone = create(http, receiver.url("/off")), create(http, receiver.url("/gone"))
    http.patch(f"{WEBHOOKS}/{off}/toggle-status", {"is_active": False})
    assert http.delete(f"{WEBHOOKS}/{gone}", {}).status == 204
    create(http, receiver.url("/witness"))
    profile.send()
    receiver.wait(1, 20, path="/witness")
    assert log(http, off) == []
    http.patch(f"{WEBHOOKS}/{off}/toggle-status", {"is_active": True})
    again = profile.send()
    assert messages(receiver.wait(1, 20, path="/off")) == [again]
    receiver.wait(2, 20, path="/witness")
    assert receiver.on("/gone") == []


def test_a_webhook_that_the_server_disabled_keeps_events_of_profiles(
    server: Server, fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    http = fresh_account.http
    receiver.plan.append(Behaviour(410))
    hook = create(http, receiver.url())
    lost = profile.send()
    wait_for(lambda: http.get(f"{WEBHOOKS}/{hook}").data["is_active"], 20, until=nothing)
    create(http, receiver.url("/witness"))
    kept = profile.send()
    receiver.wait(1, 20, path="/witness")
    pending = [row for row in log(http, hook) if row["delivery_status"] == "pending"]
    assert [row["event_data"]["payload"]["message_id"] for row in pending] == [kept]
    [listed] = [one for one in server.operate("webhooks", "list", fresh_account.customer_id) if one["id"] == hook]
    assert (listed["state"], listed["parked_events"]) == ("disabled", 1)
    http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": True})
    assert messages(receiver.wait(2, 20, path="/hook")) == [lost, kept]
    assert http.post(f"{WEBHOOKS}/{hook}/replay", {"delivery_status": "failed"}).data["replayed"] >= 1
    assert messages(receiver.wait(3, 20, path="/hook"))[2] == lost


def test_what_a_deleted_profile_had_sent_is_still_reported(
    fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    hook = create(fresh_account.http, receiver.url(), {"event_types": ["message.queued", "message.delivered"]})
    sent = profile.send()
    assert fresh_account.http.delete(f"/v3/profiles/{profile.id}", {}).status == 204
    got = receiver.wait(2, 20)
    assert messages(got) == [sent, sent]
    assert len(log(fresh_account.http, hook)) == 2


def test_templates_and_contacts_of_profiles_are_events_too(
    fresh_account: Account, profile: Profile, receiver: Receiver
) -> None:
    create(fresh_account.http, receiver.url(), {"event_types": ["templates"]}, "message")
    profile.http.post("/v3/templates", samples.template(submit_for_review=True))
    [got] = receiver.wait(1, 20)
    assert (got.json["field"], got.json["payload"]["account_id"]) == ("templates", profile.id)
