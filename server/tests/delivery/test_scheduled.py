"""Messages for a later time: what is accepted, when they are released, and what is decided then."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from delivery.playing import Money, Stage
from harness import samples
from harness.client import Client, Response
from harness.messages import wait_for_end, wait_for_status
from harness.waiting import at_least, wait_for
from sent_server.ledger.model import round_ref

HOUR_MS = 3_600_000
ORDER = {"name": "Ada", "order_number": "A", "total": "1"}


def now_of(stage: Stage) -> datetime:
    """The server's clock."""
    return datetime.fromisoformat(stage.http.get("/sim/clock").data["now"])


def send(stage: Stage, *phones: str, http: Client | None = None, **body: Any) -> Response:
    wanted = {"channel": ["sms"], **body}
    if "phone_number" not in wanted:
        wanted["to"] = list(phones or [samples.phone()])
    if not wanted.keys() & {"template", "template_id", "text"}:
        wanted["template"] = {"id": stage.server.template_ids["order_confirmation"], "parameters": ORDER}
    return (http or stage.http).post("/v3/messages", {name: item for name, item in wanted.items() if item is not None})


def schedule(stage: Stage, *phones: str, ahead_ms: int = HOUR_MS, http: Client | None = None, **body: Any) -> Response:
    """A send for that time from now, by the server's clock."""
    at = now_of(stage) + timedelta(milliseconds=ahead_ms)
    return send(stage, *phones, http=http, scheduled_at=at.isoformat(), **body)


def only_id(answer: Response) -> str:
    assert answer.status == 202, answer.body
    (recipient,) = answer.data["recipients"]
    return str(recipient["message_id"])


def statuses(stage: Stage, message_id: str) -> list[str]:
    return [event["status"] for event in stage.http.get(f"/v3/messages/{message_id}").data["events"]]


def ledger_of(stage: Stage, message_id: str, round: int = 1) -> Money:
    rows = stage.query(f"SELECT kind, amount_micros FROM ledger_entries WHERE ref = '{round_ref(message_id, round)}'")
    return {row[0]: row[1] for row in rows}


def held(stage: Stage, customer_id: str | None = None) -> int:
    """The counter, which must be the number of messages that wait."""
    customer_id = customer_id or stage.server.customer_id
    rows = stage.query(f"SELECT total FROM counters WHERE customer_id = '{customer_id}' AND name = 'messages.held'")
    waiting = f"SELECT COUNT(*) FROM messages WHERE customer_id = '{customer_id}' AND status = 'SCHEDULED'"
    total = int(rows[0][0]) if rows else 0
    assert total == stage.query(waiting)[0][0]
    return total


def payloads(stage: Stage, message_id: str, count: int) -> list[dict[str, Any]]:
    """What the webhook got about a message, in the order of the events, once there are so many."""

    def got() -> list[dict[str, Any]]:
        mine = {
            delivery.headers["x-webhook-event-id"]: delivery.json["payload"]
            for delivery in list(stage.receiver.deliveries)
            if delivery.json["payload"].get("message_id") == message_id
        }
        return [payload for _, payload in sorted(mine.items())]

    wait_for(got, 20, until=at_least(count), what=f"{count} events of {message_id}")
    return got()


def refused_at_release(stage: Stage, message_id: str, status: str, reason_code: str) -> None:
    """It ends without an attempt and without money, with a reason and an event."""
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, message_id, status)
    assert statuses(stage, message_id) == ["QUEUED", "SCHEDULED", status]
    assert ledger_of(stage, message_id) == {}
    told = payloads(stage, message_id, 3)[-1]
    assert (told["message_status"], told["reason_code"]) == (status, reason_code)
    assert told["reason"]
    found = stage.http.get(f"/v3/messages/{message_id}").data
    assert found["price"] is None
    assert "scheduled_at" in found
    assert stage.query(f"SELECT COUNT(*) FROM attempts WHERE message_id = '{message_id}'")[0][0] == 0


def test_a_scheduled_message_waits_and_then_goes(stage: Stage) -> None:
    stage.dial(sms="well")
    answer = schedule(stage)
    message_id = only_id(answer)
    at = datetime.fromisoformat(answer.data["scheduled_at"])
    assert at.utcoffset() == timedelta(0)
    assert answer.data["status"] == "QUEUED"
    assert answer.data["messages"][0]["price"] is None
    assert answer.data["recipients"][0]["body"].startswith("Hi Ada")
    found = stage.http.get(f"/v3/messages/{message_id}").data
    assert (found["status"], found["price"], found["scheduled_at"]) == ("SCHEDULED", None, answer.data["scheduled_at"])
    assert found["message_body"]["content"].startswith("Hi Ada")
    assert statuses(stage, message_id) == ["QUEUED", "SCHEDULED"]
    assert ledger_of(stage, message_id) == {}
    assert held(stage) == 1

    stage.let_time_pass(HOUR_MS - 30_000)
    other = only_id(send(stage))
    wait_for_status(stage.http, other, "DELIVERED")  # workers run, and leave the held one alone
    assert statuses(stage, message_id) == ["QUEUED", "SCHEDULED"]

    stage.let_time_pass(30_000)
    found = wait_for_status(stage.http, message_id, "DELIVERED")
    assert (found["scheduled_at"], found["price"]) == (answer.data["scheduled_at"], 0.0083)
    assert statuses(stage, message_id) == ["QUEUED", "SCHEDULED", "PROCESSED", "ROUTED", "SENT", "DELIVERED"]
    assert ledger_of(stage, message_id) == {"hold": 8_300, "capture": 8_300}
    assert held(stage) == 0
    assert "scheduled_at" not in stage.http.get(f"/v3/messages/{other}").data
    released_at = datetime.fromisoformat(found["events"][2]["timestamp"])
    assert released_at >= at


def test_the_time_stands_in_events_and_activities(stage: Stage) -> None:
    stage.dial(sms="well")
    answer = schedule(stage)
    message_id = only_id(answer)
    queued, scheduled = payloads(stage, message_id, 2)
    assert (queued["message_status"], scheduled["message_status"]) == ("QUEUED", "SCHEDULED")
    at = datetime.fromisoformat(answer.data["scheduled_at"])
    assert scheduled["scheduled_at"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert scheduled["schedule_reason"] == "USER_SCHEDULED"
    assert not {"scheduled_at", "schedule_reason"} & queued.keys()
    activities = stage.http.get(f"/v3/messages/{message_id}/activities").data["activities"]
    assert [one.get("scheduled_at") for one in activities] == [answer.data["scheduled_at"], None]
    assert activities[0]["description"] == f"Held until {at:%Y-%m-%dT%H:%M:%SZ}"
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, message_id, "DELIVERED")
    told = payloads(stage, message_id, 5)
    assert [one["message_status"] for one in told] == ["QUEUED", "SCHEDULED", "ROUTED", "SENT", "DELIVERED"]
    assert all("scheduled_at" not in one for one in told[2:])


def test_an_automatic_choice_is_made_at_the_release(stage: Stage) -> None:
    stage.dial(whatsapp="well", sms="well")
    phone = samples.phone()
    answer = schedule(stage, phone, channel=None)
    message_id = only_id(answer)
    assert answer.data["recipients"][0]["channel"] is None
    found = stage.http.get(f"/v3/messages/{message_id}").data
    assert (found["channel"], found["message_body"]) == (None, None)
    stage.let_time_pass(HOUR_MS)
    assert wait_for_status(stage.http, message_id, "DELIVERED")["channel"] in ("whatsapp", "sms")


def test_several_recipients_and_channels_are_released_together(stage: Stage) -> None:
    stage.dial(whatsapp="well", sms="well")
    phones = [samples.phone() for _ in range(60)]
    answer = schedule(stage, *phones, channel=["sms", "whatsapp"])
    assert len({one["message_id"] for one in answer.data["recipients"]}) == 120
    assert held(stage) == 120
    stage.let_time_pass(HOUR_MS)
    found = wait_for_end(stage.http, answer)
    assert {message["channel"] for message in found} == {"sms", "whatsapp"}
    assert held(stage) == 0


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_time_is_none(stage: Stage, value: str | None) -> None:
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"], "scheduled_at": value}
    answer = stage.http.post("/v3/messages", body)
    assert answer.status == 202
    assert "scheduled_at" not in answer.data


@pytest.mark.parametrize("value", ["2026-12-01", "tomorrow", "2026-12-01T09:00:00", 1_764_590_400, 1.5, True, ["x"]])
def test_a_time_in_another_form_is_refused(stage: Stage, value: object) -> None:
    answer = send(stage, scheduled_at=value)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert answer.details == {
        "scheduled_at": ["A time with Z or an offset is needed, for example 2026-12-01T09:00:00-05:00"]
    }


@pytest.mark.parametrize("ahead_ms", [-HOUR_MS, 0, 30_000, 30 * 24 * HOUR_MS + 60_000])
def test_a_time_out_of_range_is_refused(stage: Stage, ahead_ms: int) -> None:
    answer = schedule(stage, ahead_ms=ahead_ms)
    assert (answer.status, answer.code) == (400, "VALIDATION_005")
    assert answer.details == {"scheduled_at": ["Must be 1 minute to 30 days ahead"]}


@pytest.mark.parametrize("name", ["scheduledAt", "ScheduledAt", "scheduled-at", "send_at", "sendAt", "schedule"])
def test_another_spelling_is_refused_and_does_not_send_at_once(stage: Stage, name: str) -> None:
    other: dict[str, Any] = {name: (now_of(stage) + timedelta(hours=1)).isoformat()}
    answer = send(stage, **other)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert answer.details == {name: ["Not supported by this server"]}


def test_the_older_form_takes_a_time_too(stage: Stage) -> None:
    stage.dial(sms="well")
    template_id = stage.server.template_ids["order_confirmation"]
    answer = schedule(stage, phone_number=samples.phone(), template_id=template_id, variables=ORDER)
    assert stage.http.get(f"/v3/messages/{only_id(answer)}").data["status"] == "SCHEDULED"
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, only_id(answer), "DELIVERED")


def test_the_template_and_its_values_are_checked_at_acceptance(stage: Stage) -> None:
    unknown = schedule(stage, template={"name": "no_such_template"})
    assert (unknown.status, unknown.code) == (404, "RESOURCE_002")
    template_id = stage.server.template_ids["order_confirmation"]
    for channels in (["sms"], None, ["sms", "whatsapp"]):
        answer = schedule(stage, template={"id": template_id, "parameters": {"name": "Ada"}}, channel=channels)
        assert (answer.status, answer.code) == (400, "VALIDATION_004")
        assert "order_number" in str(answer.details["template.parameters"])
    assert held(stage) == 0


def test_the_text_is_that_of_the_template_at_the_release(stage: Stage) -> None:
    stage.dial(sms="well")
    template_id = stage.http.post("/v3/templates", samples.template(text="The old text")).data["id"]
    message_id = only_id(schedule(stage, template={"id": template_id}))
    changed = {"definition": samples.template(text="The new text")["definition"]}
    assert stage.http.put(f"/v3/templates/{template_id}", changed).status == 200
    stage.let_time_pass(HOUR_MS)
    found = wait_for_status(stage.http, message_id, "DELIVERED")
    assert found["message_body"]["content"] == "The new text"


def test_a_template_that_was_deleted_blocks(stage: Stage) -> None:
    template_id = stage.http.post("/v3/templates", samples.template()).data["id"]
    message_id = only_id(schedule(stage, template={"id": template_id}))
    assert stage.http.delete(f"/v3/templates/{template_id}", {}).status in (200, 204)
    refused_at_release(stage, message_id, "BLOCKED", "BUSINESS_005")


def test_a_stop_in_between_filters(stage: Stage) -> None:
    phone = samples.phone()
    message_id = only_id(schedule(stage, phone))
    stage.http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "STOP"})
    contacts = lambda: stage.http.get("/v3/contacts", query={"phone": phone}).data["contacts"]  # noqa: E731
    wait_for(contacts, 10, until=lambda found: found[0]["opt_out"], what="the STOP to count")
    refused_at_release(stage, message_id, "FILTERED", "BUSINESS_004")
    refused = schedule(stage, phone)
    assert (refused.status, refused.code) == (422, "BUSINESS_004")


def test_a_recipient_who_has_opted_out_among_others_is_filtered_then(stage: Stage) -> None:
    stage.dial(sms="well")
    out, other = samples.phone(), samples.phone()
    contact_id = stage.http.post("/v3/contacts", {"phone_number": out}).data["id"]
    assert stage.http.patch(f"/v3/contacts/{contact_id}", {"opt_out": True}).status == 200
    ids = {one["to"]: one["message_id"] for one in schedule(stage, out, other).data["recipients"]}
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, ids[other], "DELIVERED")
    wait_for_status(stage.http, ids[out], "FILTERED")


def test_a_contact_that_was_deleted_counts_as_an_unknown_number(stage: Stage) -> None:
    stage.dial(sms="well")
    phone = samples.phone()
    message_id = only_id(schedule(stage, phone))
    before = stage.http.get(f"/v3/messages/{message_id}").data["contact_id"]
    assert stage.http.delete(f"/v3/contacts/{before}", {}).status in (200, 204)
    stage.let_time_pass(HOUR_MS)
    after = wait_for_status(stage.http, message_id, "DELIVERED")["contact_id"]
    assert after != before
    assert stage.http.get(f"/v3/contacts/{after}").data["phone_number"] == phone


def test_the_balance_counts_at_the_release(stage: Stage) -> None:
    profile = stage.server.create_profile(stage.server.customer_id, "A poor profile")
    stage.execute(f"UPDATE customers SET billing_model = 'profile' WHERE id = '{profile.customer_id}'")
    with profile_hook(stage, profile.http):
        answer = schedule(stage, http=profile.http)
        message_id = only_id(answer)
        stage.let_time_pass(HOUR_MS)
        wait_for_status(profile.http, message_id, "BLOCKED")
        told = payloads(stage, message_id, 3)[-1]
        assert (told["message_status"], told["reason_code"]) == ("BLOCKED", "BUSINESS_003")
        assert held(stage, profile.customer_id) == 0


@contextmanager
def profile_hook(stage: Stage, http: Client) -> Iterator[None]:
    made = http.post("/v3/webhooks", samples.webhook(stage.receiver.url(), "messages"))
    assert made.status == 201, made.body
    yield
    http.delete(f"/v3/webhooks/{made.data['id']}")


def test_the_daily_quota_counts_at_the_release(stage: Stage) -> None:
    ask = stage.server.ask
    ask("accounts set-quota", customer_id=stage.server.customer_id, name="messages_per_day", number=0)
    try:
        message_id = only_id(schedule(stage))
        refused_at_release(stage, message_id, "BLOCKED", "BUSINESS_008")
    finally:
        ask("accounts set-quota", customer_id=stage.server.customer_id, name="messages_per_day", number=None)


def test_an_account_that_is_not_active_then_is_blocked(stage: Stage) -> None:
    message_id = only_id(schedule(stage))
    ask, customer_id = stage.server.ask, stage.server.customer_id
    stage.let_time_pass(HOUR_MS - 60_000)
    ask("accounts set-status", customer_id=customer_id, status="KYC_STARTED")
    try:
        stage.server.operate("sim", "clock", "advance", "60s")
        rows = f"SELECT status FROM messages WHERE id = '{message_id}'"
        wait_for(lambda: stage.query(rows)[0][0], 20, until=lambda status: status == "BLOCKED")
    finally:
        ask("accounts set-status", customer_id=customer_id, status="ACTIVE")
    assert payloads(stage, message_id, 3)[-1]["reason_code"] == "BUSINESS_007"


def test_a_rehearsal_schedules_nothing(stage: Stage) -> None:
    answer = schedule(stage, sandbox=True)
    assert answer.status == 202
    assert "scheduled_at" in answer.data
    assert stage.http.get(f"/v3/messages/{only_id(answer)}").status == 404
    assert held(stage) == 0


def test_a_repeat_with_the_key_schedules_once(stage: Stage) -> None:
    at = (now_of(stage) + timedelta(hours=1)).isoformat()
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"], "scheduled_at": at}
    key = samples.key()
    first = stage.http.post("/v3/messages", body, idempotency_key=key)
    again = stage.http.post("/v3/messages", body, idempotency_key=key)
    assert first.status == again.status == 202
    assert first.data == again.data
    assert held(stage) == 1
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, only_id(first))
    assert stage.http.post("/v3/messages", body, idempotency_key=key).data == first.data  # though its time is over
    assert stage.http.post("/v3/messages", body, idempotency_key=samples.key()).code == "VALIDATION_005"


def test_a_million_messages_may_wait_and_no_more(stage: Stage) -> None:
    customer_id = stage.server.customer_id
    only_id(schedule(stage))
    change = "UPDATE counters SET total = {} WHERE customer_id = '{}' AND name = 'messages.held'"
    stage.execute(change.format(999_999, customer_id))
    refused = schedule(stage, samples.phone(), samples.phone())
    assert (refused.status, refused.code) == (429, "LIMIT_001")
    assert refused.error["message"] == "Too many scheduled messages (1,000,000 at most)"
    fits = only_id(schedule(stage))
    assert schedule(stage).code == "LIMIT_001"
    assert send(stage).status == 202  # others are not limited
    assert stage.http.post(f"/v3/messages/{fits}/cancel", {}).status == 200
    fits = only_id(schedule(stage))
    stage.execute(change.format(2, customer_id))
    assert held(stage) == 2
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, fits)


def test_a_cancelled_message_never_goes(stage: Stage) -> None:
    answer = schedule(stage)
    message_id = only_id(answer)
    cancelled = stage.http.post(f"/v3/messages/{message_id}/cancel", {})
    assert cancelled.status == 200, cancelled.body
    assert (cancelled.data["status"], cancelled.data["scheduled_at"]) == ("CANCELLED", answer.data["scheduled_at"])
    assert [event["status"] for event in cancelled.data["events"]] == ["QUEUED", "SCHEDULED", "CANCELLED"]
    again = stage.http.post(f"/v3/messages/{message_id}/cancel")
    assert (again.status, again.data) == (200, cancelled.data)
    assert held(stage) == 0
    stage.let_time_pass(HOUR_MS)
    other = only_id(send(stage))
    payloads(stage, other, 2)
    told = payloads(stage, message_id, 3)
    assert [one["message_status"] for one in told] == ["QUEUED", "SCHEDULED", "CANCELLED"]
    assert told[2]["scheduled_at"] == told[1]["scheduled_at"]
    assert "schedule_reason" not in told[2]
    activities = stage.http.get(f"/v3/messages/{message_id}/activities").data["activities"]
    assert [one.get("scheduled_at") for one in activities] == [answer.data["scheduled_at"]] * 2 + [None]
    assert ledger_of(stage, message_id) == {}
    assert stage.query(f"SELECT COUNT(*) FROM jobs WHERE id = '{message_id}'")[0][0] == 0


def test_a_message_that_does_not_wait_any_more_cannot_be_cancelled(stage: Stage) -> None:
    stage.dial(sms="well")
    message_id = only_id(schedule(stage))
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, message_id, "DELIVERED")
    immediate = only_id(send(stage))
    wait_for_status(stage.http, immediate, "DELIVERED")
    for one in (message_id, immediate):
        refused = stage.http.post(f"/v3/messages/{one}/cancel", {})
        assert (refused.status, refused.code) == (409, "BUSINESS_006")
        assert refused.details == {"status": ["A message that is DELIVERED cannot be cancelled"]}


def test_a_rehearsed_cancellation_changes_nothing(stage: Stage) -> None:
    stage.dial(sms="well")
    message_id = only_id(schedule(stage))
    rehearsed = stage.http.post(f"/v3/messages/{message_id}/cancel", {"sandbox": True})
    assert (rehearsed.status, rehearsed.data["status"]) == (200, "CANCELLED")
    assert held(stage) == 1
    stage.let_time_pass(HOUR_MS)
    wait_for_status(stage.http, message_id, "DELIVERED")


def test_cancelling_needs_a_key_and_an_own_message(stage: Stage) -> None:
    message_id = only_id(schedule(stage))
    path = f"/v3/messages/{message_id}/cancel"
    assert stage.server.anonymous().post(path, {}).status == 401
    profile = stage.server.create_profile(stage.server.customer_id, "Another profile")
    assert profile.http.post(path, {}).code == "RESOURCE_003"
    assert stage.http.post("/v3/messages/x/cancel", {}).code == "VALIDATION_001"
    assert stage.http.post(path, {}).status == 200
