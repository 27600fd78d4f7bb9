"""A sandbox request answers like the real one and changes no row. Invariant I9."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from harness import database, samples
from harness import server as servers
from harness.backends import Backend
from harness.receiver import Receiver
from harness.server import Server

KEYS = ("idempotency_keys",)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A server without other visitors, one row of each kind, and a receiver that must stay silent."""

    server: Server
    contact: str
    template: str
    webhook: str
    receiver: Receiver


@pytest.fixture(scope="module")
def quiet(backend: Backend) -> Iterator[Quiet]:
    home = backend.new_home()
    running = servers.start(home, backend.name, database_url=backend.url_for(home))
    with Receiver() as receiver:
        http = running.http
        yield Quiet(
            running,
            contact=http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"],
            template=http.post("/v3/templates", samples.template()).data["id"],
            webhook=http.post("/v3/webhooks", samples.webhook(receiver.url(), "messages", "templates")).data["id"],
            receiver=receiver,
        )
    running.stop()


def _mutations(quiet: Quiet) -> dict[str, tuple[str, str, dict[str, Any], int]]:
    contact, template, webhook = (
        f"/v3/contacts/{quiet.contact}",
        f"/v3/templates/{quiet.template}",
        f"/v3/webhooks/{quiet.webhook}",
    )
    send = {"to": [samples.phone(), samples.phone()], "template": {"name": "welcome"}}
    return {
        "create contact": ("POST", "/v3/contacts", {"phone_number": samples.phone()}, 201),
        "update contact": ("PATCH", contact, {"opt_out": True, "default_channel": "whatsapp"}, 200),
        "delete contact": ("DELETE", contact, {}, 204),
        "send": ("POST", "/v3/messages", send, 202),
        "broadcast": ("POST", "/v3/messages", {**send, "channel": ["sms", "whatsapp"]}, 202),
        "create template": ("POST", "/v3/templates", samples.template(submit_for_review=True), 201),
        "update template": ("PUT", template, {"name": "renamed", "submit_for_review": True}, 200),
        "delete template": ("DELETE", template, {"delete_from_meta": True}, 204),
        "create webhook": ("POST", "/v3/webhooks", samples.webhook(quiet.receiver.url()), 201),
        "update webhook": ("PUT", webhook, samples.webhook(quiet.receiver.url("/other"), "templates"), 200),
        "delete webhook": ("DELETE", webhook, {}, 204),
        "rotate secret": ("POST", f"{webhook}/rotate-secret", {}, 200),
        "toggle webhook": ("PATCH", f"{webhook}/toggle-status", {"is_active": False}, 200),
        "test webhook": ("POST", f"{webhook}/test", {"event_type": "message.delivered"}, 200),
    }


@pytest.mark.parametrize("flag", ["sandbox", "test_mode"])
def test_no_mutation_changes_a_row_or_calls_anybody(quiet: Quiet, flag: str) -> None:
    url = quiet.server.database_url
    before = database.quiet(url)
    for name, (method, path, body, status) in _mutations(quiet).items():
        answer = quiet.server.http.request(method, path, json={**body, flag: True})
        assert (name, answer.status, answer.headers.get("x-sandbox")) == (name, status, "true")
        assert database.snapshot(url) == before, name
    assert database.quiet(url) == before, "something changed later"
    assert quiet.receiver.deliveries == []


def test_with_a_key_only_the_key_row_stays(quiet: Quiet) -> None:
    url = quiet.server.database_url
    before = database.quiet(url, without=KEYS)
    for name, (method, path, body, status) in _mutations(quiet).items():
        answer = quiet.server.http.request(method, path, json={**body, "sandbox": True}, idempotency_key=samples.key())
        assert (name, answer.status) == (name, status)
        assert database.snapshot(url, without=KEYS) == before, name
    assert database.quiet(url, without=KEYS) == before, "something changed later"


def test_a_sandbox_request_is_validated_and_refused_like_a_real_one(quiet: Quiet) -> None:
    http = quiet.server.http
    known = http.get(f"/v3/contacts/{quiet.contact}").data["phone_number"]
    assert http.post("/v3/contacts", {"phone_number": known, "sandbox": True}).code == "RESOURCE_007"
    assert http.post("/v3/contacts", {"phone_number": "x", "sandbox": True}).status == 400
    assert http.delete(f"/v3/contacts/{samples.UNKNOWN_ID}", {"sandbox": True}).code == "RESOURCE_001"
    body = {"to": [samples.phone()], "template": {"id": samples.UNKNOWN_ID}, "sandbox": True}
    assert http.post("/v3/messages", body).code == "RESOURCE_002"
    assert http.acting_as(None).post("/v3/contacts", {"phone_number": known, "sandbox": True}).status == 401


def test_what_a_sandbox_request_made_cannot_be_found(quiet: Quiet) -> None:
    http = quiet.server.http
    sent = http.post("/v3/messages", {"to": [samples.phone()], "template": {"name": "welcome"}, "sandbox": True})
    assert http.get(f"/v3/messages/{sent.data['recipients'][0]['message_id']}").code == "RESOURCE_003"
    made = http.post("/v3/contacts", {"phone_number": samples.phone(), "sandbox": True})
    assert http.get(f"/v3/contacts/{made.data['id']}").code == "RESOURCE_001"


def test_false_means_for_real(quiet: Quiet) -> None:
    for body in ({"sandbox": False}, {"sandbox": None}, {"test_mode": False}, {"sandbox": False, "test_mode": False}):
        made = quiet.server.http.post("/v3/contacts", {"phone_number": samples.phone(), **body})
        assert "x-sandbox" not in made.headers
        assert quiet.server.http.get(f"/v3/contacts/{made.data['id']}").status == 200


def test_either_flag_is_enough(quiet: Quiet) -> None:
    made = quiet.server.http.post(
        "/v3/contacts", {"phone_number": samples.phone(), "sandbox": False, "test_mode": True}
    )
    assert made.headers["x-sandbox"] == "true"
