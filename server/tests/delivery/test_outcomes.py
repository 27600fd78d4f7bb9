"""Edges of the lifecycle that a carrier's answer makes: at once, never by a timeout, which is an hour away here."""

import pytest

from delivery.playing import Stage
from harness import samples

W, S = 0.004, 0.0083


def test_a_rejected_leg_starts_the_next_one_at_once(patient_stage: Stage) -> None:
    patient_stage.dial(whatsapp="rejected")
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "sms", S)
    sent.events("routed W", "routed S", "sent S")


def test_a_rejected_last_leg_ends_the_message_at_once(patient_stage: Stage) -> None:
    patient_stage.dial(sms="rejected")
    sent = patient_stage.send(samples.phone(), "sms")
    sent.shows("FAILED", "sms", None)
    sent.costs(release=8_300)


@pytest.mark.parametrize(
    ("code", "reason_code"),
    [
        ("30007", "DELIVERY_001"),
        ("REGION_NOT_ALLOWED", "BUSINESS_007"),
        ("INVALID_NUMBER", "DELIVERY_003"),
        ("BAD_CONTENT", "VALIDATION_004"),
        ("OPTED_OUT", "BUSINESS_004"),
    ],
)
def test_programs_read_the_code_of_the_reason(patient_stage: Stage, code: str, reason_code: str) -> None:
    patient_stage.dial(code, sms="rejected")
    sent = patient_stage.send(samples.phone(), "sms")
    sent.shows("FAILED", "sms", None)
    sent.events("routed S", "failed S")
    bodies = [d.json for d in patient_stage.receiver.deliveries if d.json["payload"].get("message_id") == sent.id]
    payload = next(body["payload"] for body in bodies if body["event"] == "message.failed")
    assert payload["reason_code"] == reason_code
    assert payload["reason"] == sent.message["reason"]
    assert (sent.message["reason_code"], sent.message["events"][-1]["reason"]) == (reason_code, payload["reason"])


def test_a_lost_answer_is_told_as_one_leg(patient_stage: Stage) -> None:
    patient_stage.dial(sms="well")
    sent = patient_stage.send("+14155550110", "sms")
    sent.shows("DELIVERED", "sms", S)
    sent.events("routed S", "sent S", "delivered S")


def test_a_leg_that_is_never_taken_is_followed_by_the_next_one(patient_stage: Stage) -> None:
    patient_stage.dial(whatsapp="later")
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "sms", S, within_s=30)
    why = "WhatsApp did not take the message after 8 attempts; routed to SMS"
    assert sent.activities[1] == ("ROUTED", why, "0.0083")
    assert sent.legs == [("whatsapp", "FAILED", "CARRIER_FAULT"), ("sms", "SENT", None)]
