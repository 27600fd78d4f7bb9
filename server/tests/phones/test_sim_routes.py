"""/sim over HTTP: handsets to watch and answer from, the fault dial, reset, and who may touch them."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.client import Client
from harness.messages import wait_for_status
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import at_least, wait_for

ROUTES = [
    ("GET", "/sim/phones"),
    ("GET", "/sim/phones/+14155551234"),
    ("PUT", "/sim/phones/+14155551234"),
    ("GET", "/sim/phones/+14155551234/messages"),
    ("POST", "/sim/phones/+14155551234/messages"),
    ("GET", "/sim/faults"),
    ("PUT", "/sim/faults"),
    ("GET", "/sim/clock"),
    ("POST", "/sim/clock"),
    ("POST", "/sim/reset"),
]


def body_for(method: str) -> dict[str, Any]:
    return {} if method == "GET" else {"json": {}}


def send(server: Server, phone: str, channel: str = "sms") -> str:
    """Send the template that needs no parameters; returns the message's id."""
    template = {"id": server.template_ids["welcome"]}
    sent = server.http.post("/v3/messages", {"to": [phone], "channel": [channel], "template": template})
    assert sent.status == 202, sent.body
    return sent.data["recipients"][0]["message_id"]


def shown(http: Client, phone: str) -> list[dict[str, Any]]:
    return http.get(f"/sim/phones/{phone}/messages").data["messages"]


def until_status(http: Client, message_id: str, status: str) -> None:
    wait_for_status(http, message_id, status, timeout_s=10)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_key_nothing_is_shown(server: Server, method: str, path: str) -> None:
    answer = server.anonymous().request(method, path, **body_for(method))
    assert (answer.status, answer.code) == (401, "AUTH_001")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_developer_key_is_not_enough(server: Server, method: str, path: str) -> None:
    developer = server.client(server.create_key(server.customer_id, role="developer"))
    answer = developer.request(method, path, **body_for(method))
    assert (answer.status, answer.code) == (403, "AUTH_004")


def test_a_message_is_shown_on_the_handset_that_received_it(server: Server, http: Client) -> None:
    phone = "+14155552201"
    message_id = send(server, phone)
    until_status(http, message_id, "DELIVERED")
    (message,) = shown(http, phone)
    assert (message["message_id"], message["channel"], message["phone"]) == (message_id, "sms", phone)
    assert (message["direction"], message["state"], message["duplicates"]) == ("to_phone", "delivered", 0)
    assert message["text"] == http.get(f"/v3/messages/{message_id}").data["message_body"]["content"]
    handset = http.get(f"/sim/phones/{phone}").data
    assert (handset["message_count"], handset["magic"]) == (1, None)
    assert phone in [item["phone"] for item in http.get("/sim/phones", query={"page_size": 100}).data["phones"]]


@pytest.mark.parametrize(
    ("phone", "channel", "status"),
    [
        ("+12025550100", "sms", "DELIVERED"),
        ("+12025550101", "sms", "READ"),
        ("+12025550101", "whatsapp", "READ"),
        ("+12025550103", "sms", "FAILED"),
        ("+12025550104", "whatsapp", "FAILED"),
        ("+12025550106", "sms", "DELIVERED"),
        ("+12025550106", "whatsapp", "READ"),
        ("+12025550107", "sms", "DELIVERED"),
        ("+12025550109", "sms", "DELIVERED"),
        ("+12025550111", "sms", "DELIVERED"),
        ("+12025550112", "whatsapp", "READ"),
        ("+12025550114", "rcs", "READ"),
        ("+4915112345678", "sms", "DELIVERED"),
        ("+4915112345678", "whatsapp", "READ"),
    ],
)
def test_magic_numbers_end_as_documented(server: Server, phone: str, channel: str, status: str) -> None:
    until_status(server.http, send(server, phone, channel), status)


def test_an_answer_from_the_handset_comes_in_as_a_message(http: Client, server: Server, receiver: Receiver) -> None:
    phone = "+14155552202"
    hook = http.post(
        "/v3/webhooks",
        {"display_name": "sim", "endpoint_url": receiver.url("/sim"), "event_types": ["message.received"]},
    ).data["id"]
    said = http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "Is this you?"})
    assert said.status == 202
    assert (said.data["sender"], said.data["direction"]) == (server.sender_numbers["sms"], "from_phone")
    (delivery,) = receiver.wait(1, path="/sim")
    assert b"Is this you?" in delivery.body
    assert [message["text"] for message in shown(http, phone)] == ["Is this you?"]
    http.delete(f"/v3/webhooks/{hook}")


def test_a_stop_from_the_handset_opts_the_contact_out(http: Client) -> None:
    phone = "+14155552203"
    http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "stop"})

    def opted_out() -> bool:
        found = http.get("/v3/contacts", query={"phone": phone})
        return found.status == 200 and found.data["contacts"][0]["opt_out"]

    wait_for(opted_out, 5)
    wait_for(lambda: shown(http, phone), 5, until=at_least(2), what="the confirmation")


def test_only_the_accounts_own_number_can_be_written_to(http: Client, tenant: Account) -> None:
    answer = http.post("/sim/phones/+14155552204/messages", {"channel": "sms", "text": "Hi", "to": "+4915112340000"})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert list(answer.details) == ["to"]


def test_another_tenants_handsets_cannot_be_seen_or_changed(fresh_account: Account, tenant: Account) -> None:
    phone = "+14155552205"
    fresh_account.http.put(f"/sim/phones/{phone}", {"rcs": True})
    fresh_account.http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "mine"})
    unseen = tenant.http.get(f"/sim/phones/{phone}").data
    assert (unseen["message_count"], unseen["capabilities"]["rcs"]) == (0, False)
    assert shown(tenant.http, phone) == []
    tenant.http.post("/sim/reset", {})
    assert fresh_account.http.get(f"/sim/phones/{phone}").data["message_count"] == 1


def test_capabilities_can_be_set_one_by_one(fresh_account: Account) -> None:
    path = "/sim/phones/+14155552206"
    assert fresh_account.http.put(path, {"rcs": True}).data["capabilities"] == {
        "sms": True,
        "whatsapp": True,
        "rcs": True,
    }
    changed = fresh_account.http.put(path, {"sms": False, "rcs": None}).data["capabilities"]
    assert changed == {"sms": False, "whatsapp": True, "rcs": True}
    assert fresh_account.http.get(path).data["capabilities"] == changed


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("/sim/phones/+14155552207", {"rcs": "yes"}, "VALIDATION_001", "rcs"),
        ("/sim/phones/12345", {"rcs": True}, "VALIDATION_002", "phone"),
        ("/sim/phones/+0123", {"rcs": True}, "VALIDATION_002", "phone"),
        ("/sim/faults", {}, "VALIDATION_004", "faults"),
        ("/sim/faults", {"faults": [{"channel": "fax", "kind": "later", "probability": 1}]}, "VALIDATION_006", None),
        ("/sim/faults", {"faults": [{"channel": "sms", "kind": "boom", "probability": 1}]}, "VALIDATION_006", None),
        ("/sim/faults", {"faults": [{"channel": "sms", "kind": "later", "probability": 1.5}]}, "VALIDATION_005", None),
        ("/sim/faults", {"faults": [{"channel": "sms", "kind": "later", "probability": True}]}, "VALIDATION_001", None),
    ],
)
def test_malformed_settings_are_refused(http: Client, path: str, body: Any, code: str, field: str | None) -> None:
    answer = http.put(path, body)
    assert (answer.status, answer.code) == (400, code)
    if field:
        assert list(answer.details) == [field]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"channel": "sms"}, "VALIDATION_004"),
        ({"channel": "sms", "text": " "}, "VALIDATION_004"),
        ({"channel": "sms", "text": "x" * 4_097}, "VALIDATION_005"),
        ({"channel": "sent", "text": "x"}, "VALIDATION_006"),
        ({"channel": "sms", "text": "x", "to": "123"}, "VALIDATION_002"),
    ],
)
def test_malformed_answers_are_refused(http: Client, body: Any, code: str) -> None:
    answer = http.post("/sim/phones/+14155552208/messages", body)
    assert (answer.status, answer.code) == (400, code)


def test_the_fault_dial_is_kept_and_replaced_as_a_whole(fresh_account: Account) -> None:
    http = fresh_account.http
    assert http.get("/sim/faults").data == {"faults": []}
    dial = [
        {"channel": "sms", "kind": "rejected", "probability": 0.25, "error_code": "30007"},
        {"channel": "whatsapp", "kind": "no_receipt", "probability": 1.0, "error_code": "SIMULATED_FAULT"},
    ]
    assert http.put("/sim/faults", {"faults": [dial[0], {**dial[1], "error_code": "SIMULATED_FAULT"}]}).data == {
        "faults": dial
    }
    assert http.put("/sim/faults", {"faults": dial[:1]}).data == {"faults": dial[:1]}
    assert http.put("/sim/faults", {"faults": [dial[0], dial[0]]}).code == "VALIDATION_001"
    assert http.get("/sim/faults").data == {"faults": dial[:1]}


def test_a_reset_forgets_everything_of_the_tenant(fresh_account: Account) -> None:
    http = fresh_account.http
    http.put("/sim/phones/+14155552209", {"rcs": True})
    http.post("/sim/phones/+14155552209/messages", {"channel": "sms", "text": "x"})
    http.put("/sim/faults", {"faults": [{"channel": "sms", "kind": "later", "probability": 0}]})
    assert http.post("/sim/reset", {}).data == {"handsets": 1, "messages": 1, "faults": 1}
    assert http.get("/sim/phones").data["phones"] == []
    assert http.post("/sim/reset").data == {"handsets": 0, "messages": 0, "faults": 0}


def test_messages_come_newest_first_in_pages(fresh_account: Account) -> None:
    path = "/sim/phones/+14155552210/messages"
    for number in range(5):
        fresh_account.http.post(path, {"channel": "sms", "text": str(number)})
        time.sleep(0.002)  # times are kept to the millisecond
    first = fresh_account.http.get(path, query={"page_size": 3}).data
    second = fresh_account.http.get(path, query={"page_size": 3, "page": 2}).data
    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    assert [message["text"] for message in second["messages"]] == ["1", "0"]
    assert (first["pagination"]["has_more"], second["pagination"]["has_more"]) == (True, False)
    assert first["pagination"]["total_count"] == 5


def test_a_sandbox_request_changes_nothing(fresh_account: Account) -> None:
    http = fresh_account.http
    for method, path, body in (
        ("PUT", "/sim/phones/+14155552211", {"rcs": True}),
        ("POST", "/sim/phones/+14155552211/messages", {"channel": "sms", "text": "x"}),
        ("PUT", "/sim/faults", {"faults": [{"channel": "sms", "kind": "later", "probability": 1}]}),
        ("POST", "/sim/reset", {}),
    ):
        answer = http.request(method, path, json={**body, "sandbox": True})
        assert answer.status < 300, answer.body
        assert answer.headers["x-sandbox"] == "true"
    assert http.get("/sim/phones").data["phones"] == []
    assert http.get("/sim/faults").data == {"faults": []}


@pytest.mark.parametrize("advance_ms", [0, -1, 366 * 86_400_000 + 1, "1000", 1.5, True, None])
def test_the_clock_refuses_odd_steps(http: Client, advance_ms: Any) -> None:
    assert http.post("/sim/clock", {"advance_ms": advance_ms}).status == 400


def test_timers_follow_the_clock(own_server: Callable[..., Server]) -> None:
    server = own_server()
    http = server.http
    # Magic 02 never answers on SMS; the engine gives up after the simulated carriers' receipt timeout.
    message_id = send(server, "+12025550102")
    until_status(http, message_id, "SENT")
    moved = http.post("/sim/clock", {"advance_ms": 3_600_000})
    assert (moved.status, moved.data["offset_ms"]) == (200, 3_600_000)
    assert http.get("/sim/clock").data["offset_ms"] == 3_600_000
    until_status(http, message_id, "FAILED")


def test_a_restart_keeps_the_clock_and_the_receipts(own_server: Callable[..., Server]) -> None:
    first = own_server()
    first.http.post("/sim/clock", {"advance_ms": 86_400_000})
    message_id = send(first, "+12025550105")  # its receipt is 30 s away
    until_status(first.http, message_id, "SENT")
    first.kill()
    second = own_server(home=first.home, database_url=first.database_url)
    assert second.http.get("/sim/clock").data["offset_ms"] == 86_400_000
    second.http.post("/sim/clock", {"advance_ms": 60_000})
    until_status(second.http, message_id, "DELIVERED")
