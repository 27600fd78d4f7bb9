"""Edges of the lifecycle that a receipt makes: at once, never by a timeout, which is an hour away here."""

import pytest

from delivery.playing import Stage
from harness import samples

W, S = 0.004, 0.0083


def test_a_failed_receipt_starts_the_next_leg_at_once(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.confirm("whatsapp", "failed")
    sent.shows("SENT", "sms", S)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S")
    assert sent.received() == ["whatsapp", "sms"]


def test_a_failed_receipt_of_the_last_leg_ends_the_message_at_once(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone(), "sms")
    sent.shows("SENT", "sms", S)
    sent.confirm("sms", "failed")
    sent.shows("FAILED", "sms", S)
    sent.costs(capture=8_300)
    assert sent.activities[-1] == ("FAILED", "30003: the carrier could not deliver the message", "0.0083")


def test_a_failed_receipt_of_an_earlier_leg_does_not_end_the_one_under_way(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.confirm("whatsapp", "failed")
    sent.shows("SENT", "sms", S)
    sent.confirm("whatsapp", "failed", "30005")
    sent.keeps_showing("SENT", "sms", S)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)


def test_a_receipt_before_the_answer_is_parked_and_starts_the_next_leg_with_the_answer(patient_stage: Stage) -> None:
    patient_stage.dial(whatsapp="later")
    sent = patient_stage.send(samples.phone())
    sent.shows("ROUTED", "whatsapp", None)
    sent.park("failed")
    patient_stage.dial()
    sent.shows("SENT", "sms", S)
    sent.events("routed W", "sent W", "routed S", "sent S")


def test_read_before_delivered_tells_both(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone(), "whatsapp")
    sent.shows("SENT", "whatsapp", W)
    sent.confirm("whatsapp", "read")
    sent.shows("READ", "whatsapp", W)
    sent.confirm("whatsapp", "delivered")
    sent.keeps_showing("READ", "whatsapp", W)
    sent.events("routed W", "sent W", "delivered W", "read W")


def test_a_receipt_that_comes_twice_is_told_once(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    for _ in range(2):
        sent.confirm("whatsapp", "delivered")
    sent.keeps_showing("DELIVERED", "whatsapp", W)
    sent.costs(capture=4_000, release=4_300)
    sent.events("routed W", "sent W", "delivered W")


@pytest.mark.parametrize(
    ("template", "shown", "channels"),
    [("welcome", "FAILED", ["whatsapp"]), ("order_confirmation", "SENT", ["whatsapp", "sms"])],
)
def test_advertising_that_was_refused_for_what_it_says_goes_no_other_way(
    patient_stage: Stage, template: str, shown: str, channels: list[str]
) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone(), template=template)
    sent.shows("SENT", "whatsapp", 0.025 if template == "welcome" else W)
    sent.confirm("whatsapp", "failed", "CONTENT_REFUSED")
    sent.shows(shown, channels[-1], 0.025 if template == "welcome" else S)
    assert sent.received() == channels


def test_a_stop_at_the_carrier_opts_out_and_no_other_leg_goes(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.confirm("whatsapp", "failed", "STOPPED_AT_CARRIER")
    sent.shows("FAILED", "whatsapp", W)
    found = patient_stage.http.get("/v3/contacts", query={"phone": sent.phone}).data["contacts"][0]
    assert found["opt_out"] is True
    said = "ERR_CONSENT_BLOCKED: the carrier could not deliver the message (STOPPED_AT_CARRIER)"
    assert sent.activities[-1] == ("FAILED", said, "0.0040")
    assert sent.received() == ["whatsapp"]
