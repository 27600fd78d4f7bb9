"""Edges of the lifecycle that a missing receipt makes: when it is due, and not before."""

import time

from delivery.playing import HOUR_MS, Stage
from harness import samples

W, S = 0.004, 0.0083


def test_the_next_leg_goes_when_the_timeout_is_over_and_not_before(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    patient_stage.let_time_pass(HOUR_MS - 60_000)
    time.sleep(1)
    sent.keeps_showing("SENT", "whatsapp", W)
    patient_stage.let_time_pass(60_000)
    sent.shows("SENT", "sms", S)
    assert sent.activities[2] == ("ROUTED", "No receipt from WhatsApp within 60 min; routed to SMS", "0.0083")


def test_the_last_leg_ends_the_message_when_its_timeout_is_over(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone(), "sms")
    sent.shows("SENT", "sms", S)
    patient_stage.let_time_pass(HOUR_MS)
    sent.shows("FAILED", "sms", S)
    sent.costs(capture=8_300)
    sent.events("routed S", "sent S", "failed S")
    assert sent.legs == [("sms", "FAILED", "NO_RECEIPT")]


def test_a_receipt_that_missed_its_submit_counts_when_the_timeout_looks_again(stage: Stage) -> None:
    """On PostgreSQL the two may commit side by side; the leg has failed then, and the next one is not."""
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.park("failed")
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S")
    assert sent.legs == [("whatsapp", "FAILED", "UNKNOWN"), ("sms", "DELIVERED", None)]


def test_the_late_number_is_delivered_on_the_channel_that_was_asked_for(stage: Stage) -> None:
    stage.dial(whatsapp="well", sms="well")
    automatic, named = stage.send("+12125550105"), stage.send("+14155550105", "sms")
    automatic.shows("SENT", "whatsapp", W)
    named.shows("SENT", "sms", S)
    stage.let_time_pass(20_000)
    time.sleep(1)
    automatic.shows("SENT", "whatsapp", W)
    named.shows("SENT", "sms", S)
    stage.let_time_pass(10_000)
    automatic.shows("DELIVERED", "whatsapp", W)
    named.shows("DELIVERED", "sms", S)
    automatic.events("routed W", "sent W", "delivered W")
    named.events("routed S", "sent S", "delivered S")
    assert automatic.received() == ["whatsapp"]
