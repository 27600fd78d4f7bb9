"""Consent is looked at again before every leg."""

from delivery.playing import Stage
from harness import samples

W = 0.004


def test_a_stop_between_two_legs_ends_the_message_when_the_first_one_fails(patient_stage: Stage) -> None:
    patient_stage.dial()
    sent = patient_stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.say("STOP")
    sent.confirm("whatsapp", "failed")
    sent.shows("FAILED", "whatsapp", W)
    sent.costs(capture=4_000, release=4_300)
    sent.events("routed W", "sent W", "failed W")
    assert sent.received() == ["whatsapp"]


def test_a_stop_before_a_carrier_took_it_costs_nothing(patient_stage: Stage) -> None:
    patient_stage.dial(sms="later")
    sent = patient_stage.send(samples.phone(), "sms")
    sent.shows("ROUTED", "sms", None)
    sent.say("STOP")
    sent.shows("FAILED", "sms", None)
    sent.costs(release=8_300)
    sent.events("routed S", "failed S")
    assert sent.activities[-1] == ("FAILED", "ERR_CONSENT_BLOCKED: the contact has opted out", None)
