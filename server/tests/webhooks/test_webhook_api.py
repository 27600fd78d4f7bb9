"""The ten operations over real HTTP."""

import base64
import hmac
from typing import Any

import pytest

from harness import samples
from harness.backends import Backend
from harness.client import Client
from harness.hostile import NameServer
from harness.receiver import Behaviour, Delivery, Receiver
from harness.server import Account, OwnServer, Server
from harness.waiting import equal_to, wait_for
from sent_server.webhooks import signing
from sent_server.webhooks.signing import SignatureMode

WEBHOOKS = "/v3/webhooks"
LOOPBACK = {"SENT_EGRESS_ALLOW_LOOPBACK": "true"}


@pytest.fixture
def http(fresh_account: Account) -> Client:
    """An account without traffic, so that a receiver hears only of what its test does."""
    return fresh_account.http


def create(http: Client, url: str = "https://example.com/hook", *names: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = http.post(WEBHOOKS, {**samples.webhook(url, *names), **fields}).data
    return made


def test_without_a_key_nothing_is_told(http: Client) -> None:
    answer = http.acting_as(None).get(WEBHOOKS)
    assert (answer.status, answer.code) == (401, "AUTH_001")


def test_another_tenants_webhook_is_not_found(server: Server, http: Client) -> None:
    path = f"{WEBHOOKS}/{create(http)['id']}"
    other = server.create_account("Other").http
    answers = [
        other.get(path),
        other.put(path, samples.webhook()),
        other.delete(path, {}),
        other.get(f"{path}/events"),
        other.post(f"{path}/rotate-secret", {}),
        other.post(f"{path}/test", {"event_type": "messages"}),
        other.patch(f"{path}/toggle-status", {"is_active": True}),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "RESOURCE_008")}
    assert http.get(path).status == 200


def test_the_secret_is_shown_at_birth_and_at_rotation_only(http: Client) -> None:
    made = create(http)
    path = f"{WEBHOOKS}/{made['id']}"
    assert len(base64.b64decode(made["signing_secret"].removeprefix("whsec_"), validate=True)) == 32
    assert http.get(path).data["signing_secret"] is None
    assert http.put(path, {"display_name": "New"}).data["signing_secret"] is None
    assert http.patch(f"{path}/toggle-status", {"is_active": False}).data["signing_secret"] is None
    rotated = http.post(f"{path}/rotate-secret", {}).data
    assert set(rotated) == {"signing_secret"}
    assert rotated["signing_secret"] != made["signing_secret"]


def test_an_update_changes_what_it_names_and_nothing_else(http: Client) -> None:
    made = create(http, retry_count=2, timeout_seconds=7)
    changed = http.put(f"{WEBHOOKS}/{made['id']}", {"display_name": "Renamed", "event_types": None}).data
    expected = {**made, "display_name": "Renamed", "signing_secret": None, "updated_at": changed["updated_at"]}
    assert changed == expected
    assert changed["updated_at"] is not None


def test_a_new_webhook_needs_an_address_and_events(http: Client) -> None:
    answer = http.post(WEBHOOKS, {"display_name": "Later"})
    assert (answer.status, answer.code) == (400, "VALIDATION_004")
    assert set(answer.details) == {"endpoint_url", "event_types"}


@pytest.mark.parametrize(("fields", "code"), [
    ({"display_name": ""}, "VALIDATION_001"),
    ({"display_name": "  "}, "VALIDATION_001"),
    ({"display_name": "x" * 256}, "VALIDATION_001"),
    ({"endpoint_url": "http://127.1/x"}, "VALIDATION_001"),
    ({"endpoint_url": "https://exa mple.com"}, "VALIDATION_001"),
    ({"event_types": []}, "VALIDATION_001"),
    ({"event_types": ["Messages"]}, "VALIDATION_006"),
    ({"event_types": ["messages", "nope"]}, "VALIDATION_006"),
    ({"retry_count": -1}, "VALIDATION_005"),
    ({"retry_count": 6}, "VALIDATION_005"),
    ({"timeout_seconds": 121}, "VALIDATION_005"),
    ({"signature_mode": "md5"}, "VALIDATION_006"),
])  # fmt: skip
def test_bad_values_are_refused_alike_on_create_and_update(http: Client, fields: dict[str, Any], code: str) -> None:
    path = f"{WEBHOOKS}/{create(http)['id']}"
    for answer in (http.post(WEBHOOKS, {**samples.webhook(), **fields}), http.put(path, fields)):
        assert (answer.status, answer.code) == (400, code)
        assert any(name.startswith(next(iter(fields))) for name in answer.details)


def test_the_list_searches_filters_and_pages_newest_first(server: Server) -> None:
    http = server.create_account("Lister").http
    made = [create(http, f"https://{name}.example/hook", display_name=name.title()) for name in ("one", "two", "three")]
    http.patch(f"{WEBHOOKS}/{made[0]['id']}/toggle-status", {"is_active": False})

    def names(query: dict[str, str]) -> tuple[list[str], int, bool]:
        data = http.get(WEBHOOKS, query=query).data
        page = data["pagination"]
        return [hook["display_name"] for hook in data["webhooks"]], page["total_count"], page["has_more"]

    assert names({}) == (["Three", "Two", "One"], 3, False)
    assert names({"page": "1", "page_size": "2"}) == (["Three", "Two"], 3, True)
    assert names({"page": "2", "page_size": "2"}) == (["One"], 3, False)
    assert names({"is_active": "false"}) == (["One"], 1, False)
    assert names({"is_active": "true"}) == (["Three", "Two"], 2, False)
    assert names({"search": "TWO.example"}) == (["Two"], 1, False)
    assert names({"search": "%"}) == ([], 0, False)


def test_a_test_event_is_signed_and_its_failure_is_still_an_answer(http: Client, receiver: Receiver) -> None:
    made = create(http, receiver.url(), "message")
    path = f"{WEBHOOKS}/{made['id']}/test"
    assert http.post(path, {"event_type": "message.failed"}).data == {
        "success": True,
        "message": "Test event delivered successfully",
    }
    [got] = receiver.deliveries
    assert (got.json["sub_type"], got.json["field"]) == ("message.failed", "message")
    assert got.headers["x-webhook-signature"] == signing.sign(
        SignatureMode.V1,
        secret=made["signing_secret"],
        webhook_id=made["id"],
        timestamp_s=int(got.headers["x-webhook-timestamp"]),
        body=got.body,
    )
    # Standard Webhooks: the event's id instead of the webhook's.
    key = base64.b64decode(made["signing_secret"].removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    assert got.headers["webhook-id"] == got.headers["x-webhook-event-id"]
    assert got.headers["webhook-timestamp"] == got.headers["x-webhook-timestamp"]
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    receiver.behaviour = Behaviour(500)
    answer = http.post(path, {"event_type": "templates"})
    assert (answer.status, answer.data["success"]) == (200, False)
    assert "500" in answer.data["message"]
    assert len(receiver.deliveries) == 2


def test_a_test_in_the_sandbox_calls_nobody(http: Client, receiver: Receiver) -> None:
    made = create(http, receiver.url())
    answer = http.post(f"{WEBHOOKS}/{made['id']}/test", {"event_type": "messages", "sandbox": True})
    assert (answer.status, answer.data["success"], answer.headers["x-sandbox"]) == (200, True, "true")
    assert receiver.deliveries == []


def test_a_test_never_reaches_the_inside(own_server: OwnServer) -> None:
    with NameServer() as names:
        server = own_server(env={"SENT_EGRESS_NAME_SERVERS": names.address})
        made = create(server.http, f"http://inside.test:{server.base_url.rpartition(':')[2]}/v3/me")
        for leads_to in ("127.0.0.1", "169.254.169.254", "10.0.0.1", "0.0.0.0"):
            names.leads_to = leads_to
            server.http.put(f"{WEBHOOKS}/{made['id']}", {"endpoint_url": f"http://to-{leads_to}.test:8080/"})
            if leads_to == "127.0.0.1":
                own = f"http://own.test:{server.base_url.rpartition(':')[2]}/"
                server.http.put(f"{WEBHOOKS}/{made['id']}", {"endpoint_url": own})
            answer = server.http.post(f"{WEBHOOKS}/{made['id']}/test", {"event_type": "messages"})
            assert (answer.status, answer.data["success"]) == (200, False)
            assert "Not called" in answer.data["message"]


def test_a_rotation_in_the_sandbox_leaves_the_secret(http: Client, receiver: Receiver) -> None:
    made = create(http, receiver.url())
    path = f"{WEBHOOKS}/{made['id']}"
    assert http.post(f"{path}/rotate-secret", {"sandbox": True}).data["signing_secret"].startswith("whsec_")
    http.post(f"{path}/test", {"event_type": "messages"})
    [got] = receiver.deliveries
    assert got.headers["x-webhook-signature"] == signing.sign(
        SignatureMode.V1,
        secret=made["signing_secret"],
        webhook_id=made["id"],
        timestamp_s=int(got.headers["x-webhook-timestamp"]),
        body=got.body,
    )


def test_a_quota_of_webhooks_is_kept(server: Server) -> None:
    http = server.create_account("Hoarder").http
    for number in range(100):
        assert http.post(WEBHOOKS, samples.webhook(f"https://example.com/{number}")).status == 201
    answer = http.post(WEBHOOKS, samples.webhook())
    assert (answer.status, answer.code) == (400, "VALIDATION_001")


def test_a_real_message_reaches_the_webhook_and_its_log(server: Server, receiver: Receiver) -> None:
    http = server.http
    made = create(http, receiver.url(), "message.delivered")
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
    sent = http.post("/v3/messages", body)
    assert sent.status == 202, sent.body
    message_id = sent.data["recipients"][0]["message_id"]

    def mine() -> list[Delivery]:
        return [got for got in list(receiver.deliveries) if got.json["payload"]["message_id"] == message_id]

    wait_for(mine, 15, what="the delivered event")
    path = f"{WEBHOOKS}/{made['id']}"

    def logged() -> list[dict[str, Any]]:
        found = http.get(f"{path}/events").data["events"]
        return [row for row in found if row["delivery_status"] == "delivered"]

    wait_for(logged, 10, what="the log row")
    row = logged()[0]
    assert row["event_type"] == "message.delivered"
    assert row["event_data"]["payload"]["message_status"] == "DELIVERED"
    assert (row["http_status_code"], row["delivery_attempts"], row["error_message"]) == (200, 1, None)
    assert http.get(f"{path}/events", query={"search": "delivered"}).data["pagination"]["total_count"] >= 1
    assert http.get(f"{path}/events", query={"search": "failed"}).data["events"] == []
    http.delete(path, {})


def test_a_delivery_in_flight_survives_kill_9(own_server: OwnServer, backend: Backend, receiver: Receiver) -> None:
    home = backend.new_home()
    url = backend.url_for(home)
    first = own_server(home=home, database_url=url, env=LOOPBACK)
    receiver.plan.append(Behaviour(after_s=5))
    made = create(first.http, receiver.url(), "message.delivered", timeout_seconds=5)
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
    assert first.http.post("/v3/messages", body).status == 202
    receiver.wait(1, 15)
    first.kill()
    second = own_server(home=home, database_url=url, env=LOOPBACK)
    # On SQLite the new process knows that it is alone; elsewhere the lease of 5 s + 30 s has to run out.
    again = receiver.wait(2, 15 if backend.name == "sqlite" else 60)
    assert again[0].headers["x-webhook-event-id"] == again[1].headers["x-webhook-event-id"]

    def status() -> str:
        [row] = second.http.get(f"{WEBHOOKS}/{made['id']}/events").data["events"]
        return str(row["delivery_status"])

    wait_for(status, 10, until=equal_to("delivered"), what="the log row")
