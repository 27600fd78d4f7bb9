"""event_filters over HTTP: what is kept, shown, refused, and which events go out."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account
from harness.waiting import wait_for

WEBHOOKS = "/v3/webhooks"


@pytest.fixture
def http(fresh_account: Account) -> Client:
    return fresh_account.http


def create(http: Client, url: str, event_types: list[str], filters: Any) -> dict[str, Any]:
    response = http.post(WEBHOOKS, {**samples.webhook(url, *event_types), "event_filters": filters})
    assert response.status == 201, response
    found: dict[str, Any] = response.data
    return found


@pytest.mark.parametrize(("given", "shown"), [
    (None, None),
    ({}, None),
    ([], None),
    ({"message": []}, None),
    ({"message": None, "templates": []}, None),
    ({"message": ["delivered", "failed"]}, {"message": ["delivered", "failed"]}),
    ({"messages": ["Delivered", "message.READ"]}, {"messages": ["Delivered", "message.READ"]}),
    ({"message": ["SENT", "sent", "message.sent", "read"], "contact": []}, {"message": ["SENT", "read"]}),
])  # fmt: skip
def test_filters_are_shown_as_given(http: Client, given: Any, shown: Any) -> None:
    made = create(http, "https://example.com/", ["message", "templates", "contact"], given)
    assert made["event_filters"] == shown
    assert http.get(f"{WEBHOOKS}/{made['id']}").data["event_filters"] == shown
    [row] = http.get(WEBHOOKS).data["webhooks"]
    assert (row["event_filters"], row["customer_id"]) == (shown, made["customer_id"])


@pytest.mark.parametrize(("given", "code"), [
    ({"message": ["arrived"]}, "VALIDATION_006"),
    ({"contact": ["opt_in"]}, "VALIDATION_006"),
    ({"templates": ["approved"]}, "VALIDATION_006"),
    ({"call": ["ended"]}, "VALIDATION_006"),
    ({"message": "delivered"}, "VALIDATION_001"),
    ({"message": [1]}, "VALIDATION_001"),
    ({"message": ["sent"] * 101}, "VALIDATION_001"),
    (["delivered"], "VALIDATION_001"),
    ("delivered", "VALIDATION_001"),
    (False, "VALIDATION_001"),
])  # fmt: skip
def test_filters_that_do_not_fit_are_refused_and_change_nothing(http: Client, given: Any, code: str) -> None:
    kept = create(http, "https://example.com/", ["message", "templates"], {"message": ["read"]})
    for response in (
        http.post(
            WEBHOOKS, {**samples.webhook("https://example.com/", "message", "templates"), "event_filters": given}
        ),
        http.put(f"{WEBHOOKS}/{kept['id']}", {"event_filters": given}),
    ):
        assert (response.status, response.error["code"]) == (400, code)
        assert all(name.startswith("event_filters") for name in response.error["details"])
    [row] = http.get(WEBHOOKS).data["webhooks"]
    assert (row["event_filters"], row["updated_at"]) == ({"message": ["read"]}, None)


def test_the_refusal_names_family_and_sub_type(http: Client) -> None:
    body = {**samples.webhook("https://example.com/", "message"), "event_filters": {"message": ["arrived"]}}
    error = http.post(WEBHOOKS, body).error
    assert (error["code"], error["details"]) == (
        "VALIDATION_006", {"event_filters": ["message: unknown sub-type 'arrived'"]},
    )  # fmt: skip


@pytest.mark.parametrize(("change", "shown"), [
    ({"display_name": "Other"}, {"message": ["read"]}),
    ({"event_filters": None}, {"message": ["read"]}),
    ({"event_filters": {}}, None),
    ({"event_filters": []}, None),
    ({"event_filters": {"message": []}}, None),
    ({"event_filters": {"contact": ["help"]}}, {"contact": ["help"]}),
    ({"event_types": ["contact"]}, None),
    ({"event_types": ["messages", "contact"]}, {"message": ["read"]}),
    ({"event_types": ["*"]}, {"message": ["read"]}),
    ({"event_types": ["message.read", "contact"]}, None),
    ({"event_types": ["channel"], "event_filters": {"channel": ["activated"]}}, {"channel": ["activated"]}),
])  # fmt: skip
def test_an_update_keeps_clears_or_replaces_filters(http: Client, change: dict[str, Any], shown: Any) -> None:
    made = create(http, "https://example.com/", ["message", "contact"], {"message": ["read"]})
    assert http.put(f"{WEBHOOKS}/{made['id']}", change).data["event_filters"] == shown
    assert http.get(f"{WEBHOOKS}/{made['id']}").data["event_filters"] == shown


def test_writing_back_what_was_read_changes_nothing(http: Client) -> None:
    made = create(http, "https://example.com/", ["message", "contact"], {"message": ["Read", "message.sent"]})
    path = f"{WEBHOOKS}/{made['id']}"
    again = http.put(path, http.get(path).data).data
    assert {**again, "updated_at": None} == {**made, "signing_secret": None}


def test_a_sandbox_request_checks_filters(http: Client) -> None:
    body = {**samples.webhook("https://example.com/", "message"), "sandbox": True}
    assert http.post(WEBHOOKS, {**body, "event_filters": {"message": ["arrived"]}}).status == 400
    assert http.post(WEBHOOKS, {**body, "event_filters": {"message": ["read"]}}).data["event_filters"] == {
        "message": ["read"]
    }
    assert http.get(WEBHOOKS).data["webhooks"] == []


@pytest.mark.parametrize(("event_types", "filters", "wanted"), [
    (["message"], {"message": ["Delivered"]}, {"message.delivered"}),
    (["messages"], {"message": ["message.sent", "delivered"]}, {"message.sent", "message.delivered"}),
    (["message", "message.queued"], {"messages": ["delivered"]}, {"message.queued", "message.delivered"}),
    (["*"], {"message": ["delivered"], "contact": ["opt_in"]}, {"message.delivered"}),
    (["message.status.updated", "message"], {"message": ["received"]},
     {"message.queued", "message.routed", "message.sent", "message.delivered"}),
])  # fmt: skip
def test_only_what_the_filters_name_is_posted_and_logged(
    http: Client, receiver: Receiver, event_types: list[str], filters: dict[str, list[str]], wanted: set[str]
) -> None:
    hook = create(http, receiver.url("/filtered"), event_types, filters)["id"]
    everything = create(http, receiver.url("/all"), ["message"], None)["id"]
    template = http.post("/v3/templates", samples.template()).data["id"]
    http.post("/v3/messages", {"to": [samples.phone()], "template": {"id": template}, "channel": ["sms"]})

    def logged(one: str) -> list[str]:
        rows = http.get(f"{WEBHOOKS}/{one}/events").data["events"]
        return [row["event_type"] for row in rows if row["delivery_status"] == "delivered"]

    wait_for(lambda: "message.delivered" in logged(everything), 20)
    wait_for(lambda: set(logged(hook)) == wanted, 20)
    posted = [one.json["event"] for one in receiver.deliveries if one.path == "/filtered"]
    assert (set(posted), set(logged(hook))) == (wanted, wanted)
    assert http.get(f"{WEBHOOKS}/{hook}/events").data["pagination"]["total_count"] == len(wanted)


def test_filters_count_for_events_from_now_on_and_also_while_a_webhook_was_off(
    http: Client, receiver: Receiver
) -> None:
    hook = create(http, receiver.url(), ["message"], {"message": ["delivered"]})["id"]
    create(http, receiver.url("/witness"), ["message.received"], None)
    http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": False})
    http.patch(f"{WEBHOOKS}/{hook}/toggle-status", {"is_active": True})
    http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": "first"})
    receiver.wait(1, 15, path="/witness")
    http.put(f"{WEBHOOKS}/{hook}", {"event_filters": {"message": ["received"]}})
    http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": "second"})
    [got] = receiver.wait(1, 15, path="/hook")
    assert got.json["payload"]["text"] == "second"


def test_a_test_event_ignores_filters(http: Client, receiver: Receiver) -> None:
    hook = create(http, receiver.url(), ["message"], {"message": ["read"]})["id"]
    assert http.post(f"{WEBHOOKS}/{hook}/test", {"event_type": "message.failed"}).data["success"] is True
    assert receiver.wait(1, 10)[0].json["event"] == "message.failed"


def test_the_id_of_an_event_is_in_header_and_body_and_stays_over_retries(http: Client, receiver: Receiver) -> None:
    hook = create(http, receiver.url(), ["message"], {"message": ["received"]})["id"]
    http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": "one"})
    [first] = receiver.wait(1, 15)
    wait_for(lambda: http.get(f"{WEBHOOKS}/{hook}/events?search=delivered").data["events"] or None, 10)
    assert http.post(f"{WEBHOOKS}/{hook}/replay", {"delivery_status": "all"}).data["replayed"] == 1
    _, again = receiver.wait(2, 15)
    http.post(f"/sim/phones/{samples.phone()}/messages", {"channel": "sms", "text": "two"})
    *_, other = receiver.wait(3, 15)
    for one in (first, again, other):
        assert one.json["request_id"] == one.json["meta"]["request_id"] == one.headers["x-webhook-event-id"]
        assert one.headers["webhook-id"] == one.json["request_id"]
    assert again.json["request_id"] == first.json["request_id"] != other.json["request_id"]


def test_event_types_are_families_with_their_sub_types_and_flat_rows(http: Client) -> None:
    data = http.get(f"{WEBHOOKS}/event-types").data
    rows = {row["name"]: row for row in data["event_types"]}
    assert len(rows) == len(data["event_types"]) == data["pagination"]["total_count"]
    assert (data["pagination"]["page"], data["pagination"]["has_more"]) == (1, False)
    families = {name: row for name, row in rows.items() if row["sub_types"]}
    assert {name: row["event_type"] for name, row in families.items()} == {
        "messages": "message", "message": "message", "contact": "contact", "channel": "channel",
    }  # fmt: skip
    for row in families.values():
        for one in row["sub_types"]:
            assert one == rows[one["name"]]
            assert (one["event_type"], one["sub_types"]) == (row["event_type"], None)
            assert one["name"].startswith(f"{row['event_type']}.")
    assert (rows["templates"]["event_type"], rows["templates"]["sub_types"]) == ("templates", None)
    assert rows["message.status.updated"]["event_type"] == "message"


@pytest.mark.parametrize("family", ["message", "contact", "channel"])
def test_every_sub_type_that_is_listed_can_be_a_filter(http: Client, family: str) -> None:
    rows = http.get(f"{WEBHOOKS}/event-types").data["event_types"]
    [row] = [one for one in rows if one["name"] == family]
    named = [one["name"] for one in row["sub_types"]]
    assert create(http, "https://example.com/", [row["event_type"]], {family: named})["event_filters"] == {
        family: named
    }
