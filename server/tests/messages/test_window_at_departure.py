"""A window that closes between acceptance and departure: the text takes the next channel, or is blocked."""

from harness import samples
from harness.messages import wait_for_status
from harness.receiver import Receiver
from harness.server import OwnServer
from harness.waiting import wait_for
from messages.test_text_sends import DAY_MS, WINDOW, hear, ids, send

NO_WORKERS = {"SENT_BENCH_NO_WORKERS": "1"}


def test_a_text_that_waited_until_the_window_closed_is_not_sent_on_whatsapp(own_server: OwnServer) -> None:
    running = own_server()
    phone = samples.phone()
    hear(running.http, phone)
    assert running.stop() == 0

    waiting = own_server(home=running.home, database_url=running.database_url, env=NO_WORKERS)
    named = ids(send(waiting.http, phone, channel=["whatsapp"]))[0]
    automatic = ids(send(waiting.http, phone))[0]
    assert waiting.http.post("/sim/clock", {"advance_ms": DAY_MS}).status == 200
    assert waiting.http.get(f"/v3/messages/{named}").data["status"] == "QUEUED"
    assert waiting.stop() == 0

    http = own_server(home=running.home, database_url=running.database_url).http
    blocked = wait_for_status(http, named)
    assert (blocked["status"], blocked["reason_code"], blocked["price"]) == ("BLOCKED", "BUSINESS_007", None)
    assert blocked["reason"].startswith(WINDOW)
    assert [event["status"] for event in blocked["events"]] == ["QUEUED", "BLOCKED"]
    delivered = wait_for_status(http, automatic)
    assert (delivered["status"], delivered["channel"]) == ("DELIVERED", "sms")
    routed = next(event["description"] for event in delivered["events"] if event["status"] == "ROUTED")
    assert routed.startswith("WhatsApp was passed over: the contact has not written here within the last 24 hours")
    assert routed.endswith("routed to SMS")
    got = http.get(f"/sim/phones/{phone}/messages").data["messages"]
    assert {one["channel"] for one in got if one["message_id"] in (named, automatic)} == {"sms"}


def test_a_text_that_the_carrier_deferred_until_the_window_closed_has_failed(
    own_server: OwnServer, receiver: Receiver
) -> None:
    http = own_server().http
    http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.routed", "message.failed", "message.blocked"))
    phone = samples.phone()
    hear(http, phone)
    later = {"channel": "whatsapp", "kind": "later", "probability": 1, "error_code": "429"}
    assert http.put("/sim/faults", {"faults": [later]}).status == 200
    message_id = ids(send(http, phone, channel=["whatsapp"]))[0]
    wait_for_status(http, message_id, "ROUTED")
    assert http.post("/sim/clock", {"advance_ms": DAY_MS}).status == 200
    failed = wait_for_status(http, message_id, timeout_s=30)
    assert (failed["status"], failed["reason_code"]) == ("FAILED", "BUSINESS_007"), "a carrier was asked"
    wait_for(
        lambda: [one.json["event"] for one in receiver.deliveries], until=lambda told: told[-1:] == ["message.failed"]
    )
    # The clock's jump ends the lease of a delivery that is under way, which is then posted again with the same id.
    events = {one.json["request_id"]: one.json["event"] for one in receiver.deliveries}
    assert list(events.values()) == ["message.routed", "message.failed"]
