"""The table of docs/explanation/lifecycle.md, case by case: what is shown, what it costs, what receivers are told."""

from delivery.playing import Stage
from harness import samples

W, S = 0.004, 0.0083
W_MICROS, S_MICROS, REST = 4_000, 8_300, 4_300
NO_RECEIPT = "No receipt from WhatsApp within 10 s; routed to SMS"


def test_an_sms_is_charged_when_it_is_sent(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone(), "sms")
    sent.shows("SENT", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.events("routed S", "sent S", "delivered S")


def test_automatic_choice_is_charged_when_the_first_leg_arrives(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.costs()
    assert stage.http.get("/v3/me").data["balance"]["held"] == S
    sent.confirm("whatsapp", "delivered")
    sent.shows("DELIVERED", "whatsapp", W)
    sent.costs(capture=W_MICROS, release=REST)
    sent.events("routed W", "sent W", "delivered W")
    assert [one[0] for one in sent.activities] == ["ROUTED", "SENT", "DELIVERED"]


def test_a_rejected_leg_is_followed_by_the_next_one(stage: Stage) -> None:
    stage.dial(whatsapp="rejected")
    sent = stage.send(samples.phone())
    sent.shows("SENT", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.events("routed W", "routed S", "sent S", "delivered S")
    why = "WhatsApp rejected the message (30007: Rejected by the fault dial); routed to SMS"
    assert sent.activities == [
        ("ROUTED", "Message routed to WhatsApp", "0.0040"),
        ("ROUTED", why, "0.0083"),
        ("SENT", "Message sent via SMS", "0.0083"),
        ("DELIVERED", "Message delivered to recipient", "0.0083"),
    ]
    assert sent.legs == [("whatsapp", "REJECTED", "UNKNOWN"), ("sms", "DELIVERED", None)]


def test_silence_is_followed_by_the_next_leg_and_that_one_is_charged(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S")
    assert sent.activities[2] == ("ROUTED", NO_RECEIPT, "0.0083")
    assert sent.legs == [("whatsapp", "FAILED", "NO_RECEIPT"), ("sms", "DELIVERED", None)]


def test_what_was_sent_stays_in_view_while_the_next_leg_is_tried(stage: Stage) -> None:
    stage.dial(sms="later")
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    stage.let_time_pass()
    sent.events("routed W", "sent W", "routed S")
    assert sent.view == ("SENT", "whatsapp", W)
    sent.costs()
    stage.dial()
    sent.shows("SENT", "sms", S)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S")


def test_the_first_leg_may_still_arrive_first_and_the_difference_comes_back(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.confirm("whatsapp", "delivered")
    sent.shows("DELIVERED", "whatsapp", W)
    sent.costs(capture=S_MICROS, refund=REST)
    sent.confirm("sms", "delivered")
    sent.keeps_showing("DELIVERED", "whatsapp", W)
    sent.costs(capture=S_MICROS, refund=REST)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered W")


def test_the_first_leg_that_arrives_second_changes_nothing_until_it_is_read(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.confirm("whatsapp", "delivered")
    sent.keeps_showing("DELIVERED", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S")
    assert sent.legs == [("whatsapp", "DELIVERED", "NO_RECEIPT"), ("sms", "DELIVERED", None)]
    sent.confirm("whatsapp", "read")
    sent.shows("READ", "whatsapp", W)
    sent.costs(capture=S_MICROS, refund=REST)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S", "read W")
    assert sent.activities[-1] == ("READ", "Message read by recipient", "0.0040")


def test_a_leg_that_failed_after_it_was_sent_is_charged_when_no_other_is_left(stage: Stage) -> None:
    stage.dial(sms="rejected")
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.confirm("whatsapp", "failed")
    sent.shows("FAILED", "whatsapp", W)
    sent.costs(capture=W_MICROS, release=REST)
    sent.events("routed W", "sent W", "routed S", "failed W")
    assert sent.activities[2:] == [
        ("ROUTED", "WhatsApp could not deliver the message (30003); routed to SMS", "0.0083"),
        ("FAILED", "SMS rejected the message (30007: Rejected by the fault dial)", "0.0040"),
    ]
    assert sent.legs == [("whatsapp", "FAILED", "UNKNOWN"), ("sms", "REJECTED", "UNKNOWN")]


def test_what_no_carrier_took_costs_nothing_and_shows_no_price(stage: Stage) -> None:
    stage.dial(whatsapp="rejected", sms="rejected")
    sent = stage.send(samples.phone())
    sent.shows("FAILED", "sms", None)
    sent.costs(release=S_MICROS)
    sent.events("routed W", "routed S", "failed S")
    assert sent.activities[-1] == ("FAILED", "30007: Rejected by the fault dial", None)
    failed = stage.send(samples.phone(), "sms")
    failed.shows("FAILED", "sms", None)
    failed.costs(release=S_MICROS)
    failed.events("routed S", "failed S")


def test_consent_that_vanishes_between_the_legs_ends_the_message_where_it_is(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    sent.say("STOP")
    sent.costs()
    stage.let_time_pass()
    sent.shows("FAILED", "whatsapp", W)
    sent.costs(capture=W_MICROS, release=REST)
    sent.events("routed W", "sent W", "failed W")
    assert sent.activities[-1] == ("FAILED", "ERR_CONSENT_BLOCKED: the contact has opted out", "0.0040")
    assert sent.received() == ["whatsapp"]


def test_a_failure_after_the_arrival_is_kept_and_moves_nothing(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone(), "sms")
    sent.shows("SENT", "sms", S)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", S)
    sent.confirm("sms", "failed")
    sent.keeps_showing("DELIVERED", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.events("routed S", "sent S", "delivered S")
    assert sent.legs == [("sms", "DELIVERED", "UNKNOWN")]


def test_a_message_that_failed_may_still_arrive_by_its_cheaper_leg(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    stage.let_time_pass()
    sent.shows("FAILED", "sms", S)
    sent.costs(capture=S_MICROS)
    sent.confirm("whatsapp", "read")
    sent.shows("READ", "whatsapp", W)
    sent.costs(capture=S_MICROS, refund=REST)
    sent.events("routed W", "sent W", "routed S", "sent S", "failed S", "delivered W", "read W")
    assert sent.activities[4] == ("FAILED", "No receipt from SMS within 10 s", "0.0083")


def test_a_dearer_leg_that_is_read_later_is_never_charged(stage: Stage) -> None:
    """For advertising, the built-in card has WhatsApp at 0.0250 and SMS at 0.0083."""
    stage.dial()
    sent = stage.send(samples.phone(), template="welcome")
    sent.shows("SENT", "whatsapp", 0.025)
    sent.costs()
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    sent.costs(capture=S_MICROS, release=25_000 - S_MICROS)
    sent.confirm("whatsapp", "read")
    sent.shows("READ", "whatsapp", S)
    sent.costs(capture=S_MICROS, release=25_000 - S_MICROS)
