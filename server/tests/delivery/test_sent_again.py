"""Messages that are sent again: which ones, what is checked, and what a round costs."""

import asyncio
from typing import Any

from delivery.playing import HOUR_MS, Played, Stage
from delivery.test_scheduled import ledger_of, only_id, payloads, schedule, send, statuses
from harness import samples
from harness.client import Response
from harness.messages import wait_for_status
from harness.waiting import at_least, wait_for
from sent_server.carriers.base import Receipt, ReceiptKind
from sent_server.db.open import open_database
from sent_server.delivery.receipts import ReceivedReceipts, take_receipts

MINUTE_MS = 60_000


def resend(stage: Stage, message_id: str, **body: Any) -> Response:
    return stage.http.post(f"/v3/messages/{message_id}/resend", body)


def refused(stage: Stage, message_id: str, problem: str) -> None:
    answer = resend(stage, message_id)
    assert (answer.status, answer.code) == (409, "BUSINESS_006")
    assert answer.details == {"status": [problem]}


def delivered(stage: Stage, **body: Any) -> str:
    stage.dial(sms="well", whatsapp="well")
    message_id = only_id(send(stage, **body))
    wait_for_status(stage.http, message_id, "DELIVERED")
    return message_id


def rounds(stage: Stage, message_id: str, status: str, count: int) -> list[str]:
    """The statuses once `status` stands there so often."""
    wait_for(lambda: statuses(stage, message_id), 20, until=lambda found: found.count(status) == count)
    return statuses(stage, message_id)


def report(stage: Stage, ref: str, kind: ReceiptKind) -> None:
    """A late receipt of the simulated carrier."""

    async def go() -> None:
        database = await open_database(stage.server.database_url)
        received = ReceivedReceipts("simulator", [Receipt(f"late-{ref}-{kind}", ref, kind, "30003")], 1)
        await database.write(lambda tx: take_receipts(tx, [received]))
        await database.close()

    asyncio.run(go())


def test_a_delivered_message_is_sent_and_charged_again(stage: Stage) -> None:
    message_id = delivered(stage)
    first = stage.http.get(f"/v3/messages/{message_id}").data
    answer = resend(stage, message_id)
    assert answer.status == 202, answer.body
    assert answer.data["recipients"] == [
        {"message_id": message_id, "to": first["phone"], "channel": "sms", "body": first["message_body"]["content"]}
    ]
    assert answer.data["messages"][0]["price"] == 0.0083
    assert answer.data["template_name"] == "order_confirmation"
    assert "scheduled_at" not in answer.data
    once = ["QUEUED", "PROCESSED", "ROUTED", "SENT", "DELIVERED"]
    assert rounds(stage, message_id, "DELIVERED", 2) == [*once, *once]
    for round in (1, 2):
        assert ledger_of(stage, message_id, round) == {"hold": 8_300, "capture": 8_300}
    found = stage.http.get(f"/v3/messages/{message_id}").data
    assert (found["status"], found["price"]) == ("DELIVERED", 0.0083)
    activities = stage.http.get(f"/v3/messages/{message_id}/activities").data["activities"]
    assert [one["price"] for one in activities if one["status"] == "SENT"] == ["0.0083", "0.0083"]
    told = payloads(stage, message_id, 8)
    assert [one["message_status"] for one in told] == ["QUEUED", "ROUTED", "SENT", "DELIVERED"] * 2
    received = stage.http.get(f"/sim/phones/{first['phone']}/messages").data["messages"]
    assert [one["message_id"] for one in received] == [message_id, message_id]


def test_receipts_of_an_earlier_round_move_nothing(stage: Stage) -> None:
    stage.dial()
    message_id = only_id(send(stage))
    wait_for_status(stage.http, message_id, "SENT")
    stage.let_time_pass()
    wait_for_status(stage.http, message_id, "FAILED")
    assert resend(stage, message_id).status == 202
    wait_for_status(stage.http, message_id, "SENT")
    before = statuses(stage, message_id)
    for kind in (ReceiptKind.FAILED, ReceiptKind.DELIVERED, ReceiptKind.READ):
        report(stage, f"{message_id}-0-1", kind)
    attempts = f"SELECT leg, state FROM attempts WHERE message_id = '{message_id}' ORDER BY leg"
    assert [tuple(row) for row in stage.query(attempts)] == [(0, "READ"), (1, "SENT")]
    assert statuses(stage, message_id) == before
    report(stage, f"{message_id}-1-1", ReceiptKind.DELIVERED)
    assert rounds(stage, message_id, "DELIVERED", 1) == [*before, "DELIVERED"]
    assert ledger_of(stage, message_id, 2) == {"hold": 8_300, "capture": 8_300}


def test_a_failed_message_is_sent_again_on_its_channel(stage: Stage) -> None:
    phone = samples.phone()
    stage.dial(whatsapp="failed", sms="well")
    message_id = only_id(send(stage, phone, channel=["whatsapp"]))
    wait_for_status(stage.http, message_id, "FAILED")
    stage.dial(whatsapp="well")
    assert resend(stage, message_id).data["recipients"][0]["channel"] == "whatsapp"
    wait_for_status(stage.http, message_id, "DELIVERED")
    assert ledger_of(stage, message_id, 2) == {"hold": 4_000, "capture": 4_000}


def test_a_message_that_was_sent_long_ago_is_settled_and_sent_again(patient_stage: Stage) -> None:
    stage = patient_stage
    stage.dial()
    message_id = only_id(send(stage, channel=None))
    assert wait_for_status(stage.http, message_id, "SENT")["channel"] == "whatsapp"
    assert ledger_of(stage, message_id) == {"hold": 8_300}  # SMS may still follow
    refused(stage, message_id, "A message that is SENT can be sent again after 15 minutes without a receipt")
    stage.let_time_pass(16 * MINUTE_MS)
    assert resend(stage, message_id).data["recipients"][0]["channel"] == "whatsapp"
    assert ledger_of(stage, message_id) == {"hold": 8_300, "capture": 4_000, "release": 4_300}
    assert rounds(stage, message_id, "SENT", 2)[-1] == "SENT"
    Played(stage, message_id, stage.http.get(f"/v3/messages/{message_id}").data["phone"], 0).confirm(
        "whatsapp", "delivered"
    )
    wait_for_status(stage.http, message_id, "DELIVERED")
    assert ledger_of(stage, message_id, 2) == {"hold": 4_000, "capture": 4_000}
    jobs = f"SELECT COUNT(*) FROM jobs WHERE id = '{message_id}'"
    wait_for(lambda: stage.query(jobs)[0][0], 10, until=lambda count: count == 0, what="no job to be left")


def test_a_blocked_message_is_checked_again(stage: Stage) -> None:
    stage.dial(sms="well")
    template_id = stage.http.post("/v3/templates", samples.template()).data["id"]
    message_id = only_id(schedule(stage, template={"id": template_id}))
    ask, customer_id = stage.server.ask, stage.server.customer_id
    ask("accounts set-quota", customer_id=customer_id, name="messages_per_day", number=0)
    try:
        stage.let_time_pass(HOUR_MS)
        wait_for_status(stage.http, message_id, "BLOCKED")
        answer = resend(stage, message_id)
        assert (answer.status, answer.data["status"]) == (202, "QUEUED")
        assert rounds(stage, message_id, "BLOCKED", 2) == ["QUEUED", "SCHEDULED", "BLOCKED", "QUEUED", "BLOCKED"]
        assert payloads(stage, message_id, 5)[-1]["reason_code"] == "BUSINESS_008"
    finally:
        ask("accounts set-quota", customer_id=customer_id, name="messages_per_day", number=None)
    assert "scheduled_at" in resend(stage, message_id).data
    wait_for_status(stage.http, message_id, "DELIVERED")
    assert ledger_of(stage, message_id, 3) == {"hold": 8_300, "capture": 8_300}


def test_consent_is_checked_again_and_a_filtered_message_is_final(stage: Stage) -> None:
    message_id = delivered(stage)
    contact_id = stage.http.get(f"/v3/messages/{message_id}").data["contact_id"]
    assert stage.http.patch(f"/v3/contacts/{contact_id}", {"opt_out": True}).status == 200
    answer = resend(stage, message_id)
    assert answer.status == 202
    assert answer.data["messages"][0]["price"] is None
    assert rounds(stage, message_id, "FILTERED", 1)[-2:] == ["QUEUED", "FILTERED"]
    told = payloads(stage, message_id, 6)[-1]
    assert (told["message_status"], told["reason_code"]) == ("FILTERED", "BUSINESS_004")
    assert ledger_of(stage, message_id, 2) == {}
    assert stage.http.get(f"/v3/messages/{message_id}").data["price"] is None
    refused(stage, message_id, "A message that is FILTERED cannot be sent again")


def test_the_text_is_rendered_again_with_the_values_as_asked(stage: Stage) -> None:
    made = stage.http.post("/v3/templates", samples.template("Old, {{0:variable}}", "name"))
    template = {"id": made.data["id"], "parameters": {"name": "Ada"}}
    message_id = delivered(stage, template=template)
    changed = {"definition": samples.definition("New, {{0:variable}}", "name")}
    assert stage.http.put(f"/v3/templates/{made.data['id']}", changed).status == 200
    assert resend(stage, message_id).data["recipients"][0]["body"] == "New, Ada"
    rounds(stage, message_id, "DELIVERED", 2)
    assert stage.http.get(f"/v3/messages/{message_id}").data["message_body"]["content"] == "New, Ada"
    assert stage.http.delete(f"/v3/templates/{made.data['id']}", {}).status in (200, 204)
    assert resend(stage, message_id).status == 202
    wait_for_status(stage.http, message_id, "BLOCKED")
    assert payloads(stage, message_id, 10)[-1]["reason_code"] == "BUSINESS_005"


def test_a_message_of_the_release_before_is_sent_with_its_text(stage: Stage) -> None:
    """That release did not keep the values of a template."""
    message_id = delivered(stage)
    text = stage.http.get(f"/v3/messages/{message_id}").data["message_body"]["content"]
    batch = f"SELECT batch_id FROM messages WHERE id = '{message_id}'"
    stage.execute(f"UPDATE batches SET request_json = NULL WHERE id = ({batch})")
    assert resend(stage, message_id).data["recipients"][0]["body"] == text
    rounds(stage, message_id, "DELIVERED", 2)


def test_other_states_are_refused(stage: Stage) -> None:
    waiting = only_id(schedule(stage))
    refused(stage, waiting, "A message that is SCHEDULED cannot be sent again")
    assert stage.http.post(f"/v3/messages/{waiting}/cancel", {}).status == 200
    refused(stage, waiting, "A message that is CANCELLED cannot be sent again")


def test_what_people_wrote_and_our_automatic_replies_are_not_sent_again(stage: Stage) -> None:
    stage.dial(sms="well")
    phone = samples.phone()
    stage.http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "HELP"})
    query = f"SELECT id, status FROM messages WHERE phone = '{phone}' AND status IN ('RECEIVED', 'DELIVERED')"
    wait_for(lambda: stage.query(query), 20, until=at_least(2), what="the reply to be delivered")
    ids = {row[1]: row[0] for row in stage.query(query)}
    refused(stage, ids["RECEIVED"], "A message that is RECEIVED cannot be sent again")
    refused(stage, ids["DELIVERED"], "An automatic reply cannot be sent again")


def test_a_rehearsal_sends_nothing_again(stage: Stage) -> None:
    message_id = delivered(stage)
    assert resend(stage, message_id, sandbox=True).status == 202
    assert statuses(stage, message_id)[-1] == "DELIVERED"
    assert ledger_of(stage, message_id, 2) == {}


def test_a_repeat_with_the_key_sends_once(stage: Stage) -> None:
    message_id, key = delivered(stage), samples.key()
    path = f"/v3/messages/{message_id}/resend"
    first = stage.http.post(path, {}, idempotency_key=key)
    again = stage.http.post(path, {}, idempotency_key=key)
    assert (first.status, first.data) == (again.status, again.data)
    assert rounds(stage, message_id, "DELIVERED", 2).count("QUEUED") == 2


def test_sending_again_needs_a_key_and_an_own_message(stage: Stage) -> None:
    message_id = delivered(stage)
    path = f"/v3/messages/{message_id}/resend"
    assert stage.server.anonymous().post(path, {}).status == 401
    profile = stage.server.create_profile(stage.server.customer_id, "Another profile")
    assert profile.http.post(path, {}).code == "RESOURCE_003"
    assert stage.http.post("/v3/messages/x/resend", {}).code == "VALIDATION_001"


def test_the_daily_quota_counts_every_round(stage: Stage) -> None:
    message_id = delivered(stage)
    ask, customer_id = stage.server.ask, stage.server.customer_id
    ask("accounts set-quota", customer_id=customer_id, name="messages_per_day", number=1_000_000)
    try:
        sent = f"SELECT total FROM counters WHERE customer_id = '{customer_id}' AND name LIKE 'messages/%'"
        only_id(send(stage))
        before = sum(row[0] for row in stage.query(sent))
        assert resend(stage, message_id).status == 202
        assert sum(row[0] for row in stage.query(sent)) == before + 1
    finally:
        ask("accounts set-quota", customer_id=customer_id, name="messages_per_day", number=None)
