"""The simulated network's rules, as pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.carriers.base import Later, MessageContent, ReceiptKind, Rejected, Submission, Unknown
from sent_server.carriers.simulator.behaviour import (
    PER_MILLION,
    SILENT_AFTER_STOP_MS,
    Behaviour,
    Circumstances,
    Fault,
    FaultKind,
    Magic,
    Memory,
    capabilities,
    decide,
    magic,
    memory_key,
)
from sent_server.kernel.channels import Channel

NOW_MS = 1_700_000_000_000
DELIVERED, READ, FAILED = ReceiptKind.DELIVERED, ReceiptKind.READ, ReceiptKind.FAILED
channels = st.sampled_from(Channel)
magics = st.sampled_from(Magic)


def number(kind: Magic, area: int = 415) -> str:
    return f"+1{area}55501{kind:02d}"


def submission(phone: str, channel: Channel = Channel.SMS, attempt_id: str = "a-0-1") -> Submission:
    return Submission(attempt_id, "customer", "message", channel, "+15550000001", phone, MessageContent("Hello"))


def behave(
    phone: str,
    channel: Channel = Channel.SMS,
    *,
    memory: Memory | None = None,
    fault: Fault | None = None,
    takes: frozenset[str] = frozenset(Channel),
    attempt_id: str = "a-0-1",
    now_ms: int = NOW_MS,
) -> Behaviour:
    return decide(submission(phone, channel, attempt_id), Circumstances(takes, fault, memory, now_ms))


def kinds(found: Behaviour) -> list[ReceiptKind]:
    return [step.kind for step in found.steps]


@given(st.integers(200, 999), magics)
def test_a_magic_number_means_the_same_in_every_area(area: int, kind: Magic) -> None:
    assert magic(number(kind, area)) is kind


@given(st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True))
def test_only_fictitious_numbers_are_magic(phone: str) -> None:
    fictitious = len(phone) == 12 and phone.startswith("+1") and phone[2] in "23456789" and phone[5:10] == "55501"
    assert (magic(phone) is not None) == (fictitious and int(phone[10:]) <= 14)


@pytest.mark.parametrize("phone", ["+14155550115", "+14155550199", "+14155550214", "+10155550100", "+1234567890"])
def test_every_other_number_is_ordinary(phone: str) -> None:
    assert magic(phone) is None
    assert behave(phone).delivered_after_ms is not None
    assert capabilities(phone) == {"sms", "whatsapp"}


def test_an_ordinary_message_is_delivered_within_a_second() -> None:
    found = behave("+4915112345678", Channel.SMS)
    assert (found.refusal, kinds(found), found.reply) == (None, [DELIVERED], None)
    assert (found.delivered_after_ms or 9_999) < 1_000


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.RCS])
def test_rich_channels_are_read_a_moment_after_they_are_delivered(channel: Channel) -> None:
    found = behave("+4915112345678", channel)
    assert kinds(found) == [DELIVERED, READ]
    assert (found.delivered_after_ms or 0) < (found.read_after_ms or 0)


@given(channels)
def test_00_is_delivered_and_01_is_read_as_well(channel: Channel) -> None:
    assert kinds(behave(number(Magic.DELIVERED), channel)) == [DELIVERED]
    assert kinds(behave(number(Magic.DELIVERED_AND_READ), channel)) == [DELIVERED, READ]


def test_02_gives_no_answer_on_the_channel_tried_first_and_answers_on_another() -> None:
    phone = number(Magic.NO_ANSWER)
    first = behave(phone, Channel.WHATSAPP)
    assert (first.refusal, first.steps, first.remembers) == (None, (), True)
    again = behave(phone, Channel.WHATSAPP, memory=Memory("whatsapp", NOW_MS))
    assert again.steps == ()
    assert kinds(behave(phone, Channel.SMS, memory=Memory("whatsapp", NOW_MS))) == [DELIVERED]


@given(channels)
def test_03_and_04_are_rejected_for_good_and_never_reach_a_handset(channel: Channel) -> None:
    for kind, code in ((Magic.INVALID_NUMBER, "INVALID_NUMBER"), (Magic.REJECTED, "CARRIER_REJECTED")):
        found = behave(number(kind), channel)
        assert isinstance(found.refusal, Rejected)
        assert (found.refusal.code, found.taken, found.steps) == (code, False, ())


def test_05_is_delivered_after_thirty_seconds() -> None:
    assert behave(number(Magic.DELIVERED_LATE)).delivered_after_ms == 30_000


@given(channels)
def test_06_sends_its_last_word_first_and_before_the_submit_is_answered(channel: Channel) -> None:
    found = behave(number(Magic.OUT_OF_ORDER), channel)
    assert found.overtakes
    assert found.steps[0].after_ms == 0
    assert kinds(found) == ([DELIVERED, FAILED] if channel in (Channel.SMS, Channel.MMS) else [READ, DELIVERED])


@given(channels)
def test_07_repeats_the_same_receipt_and_says_it_again_under_another_event(channel: Channel) -> None:
    found = behave(number(Magic.RECEIPTS_TWICE), channel)
    assert [(step.kind, step.event) for step in found.steps] == [(DELIVERED, 0), (DELIVERED, 0), (DELIVERED, 1)]


def test_08_answers_stop_but_not_to_the_confirmation_of_it() -> None:
    phone = number(Magic.ANSWERS_STOP)
    first = behave(phone)
    assert first.reply is not None
    assert first.reply.text == "STOP"
    assert first.remembers
    confirmation = behave(phone, memory=Memory("sms", NOW_MS), now_ms=NOW_MS + SILENT_AFTER_STOP_MS - 1)
    assert confirmation.reply is None
    later = behave(phone, memory=Memory("sms", NOW_MS), now_ms=NOW_MS + SILENT_AFTER_STOP_MS)
    assert later.reply is not None


def test_09_echoes() -> None:
    reply = behave(number(Magic.ECHOES)).reply
    assert reply is not None
    assert reply.text is None


@given(channels)
def test_10_and_11_fail_once_and_are_well_afterwards(channel: Channel) -> None:
    for kind, refusal in ((Magic.ERROR_THEN_WELL, Unknown), (Magic.BUSY_THEN_WELL, Later)):
        first = behave(number(kind), channel)
        assert isinstance(first.refusal, refusal)
        assert (first.taken, first.remembers) == (False, True)
        again = behave(number(kind), channel, memory=Memory(channel, NOW_MS))
        assert again.refusal is None
        assert again.delivered_after_ms is not None


def test_12_is_a_landline_that_refuses_sms() -> None:
    phone = number(Magic.LANDLINE)
    assert capabilities(phone) == {"whatsapp"}
    found = behave(phone, Channel.SMS, takes=capabilities(phone))
    assert isinstance(found.refusal, Rejected)
    assert found.refusal.code == "LANDLINE"
    assert behave(phone, Channel.WHATSAPP, takes=capabilities(phone)).refusal is None


@given(channels, st.sampled_from([None, *Channel]))
def test_13_never_sends_a_receipt_on_any_channel(channel: Channel, tried: Channel | None) -> None:
    memory = Memory(tried, NOW_MS) if tried else None
    found = behave(number(Magic.NO_RECEIPT), channel, memory=memory)
    assert (found.refusal, found.steps) == (None, ())


def test_14_takes_rcs() -> None:
    assert capabilities(number(Magic.TAKES_RCS)) == {"sms", "whatsapp", "rcs"}


@given(magics, channels)
def test_a_handset_that_does_not_take_the_channel_refuses(kind: Magic, channel: Channel) -> None:
    found = behave(number(kind), channel, takes=frozenset())
    assert isinstance(found.refusal, Rejected)
    assert found.taken is False


@given(magics, channels)
def test_numbers_that_remember_have_a_key_to_remember_under(kind: Magic, channel: Channel) -> None:
    if behave(number(kind), channel).remembers:
        assert memory_key(submission(number(kind), channel)) is not None


@given(magics, channels)
def test_what_is_not_taken_has_no_consequences(kind: Magic, channel: Channel) -> None:
    found = behave(number(kind), channel)
    if not found.taken:
        assert (found.steps, found.reply) == ((), None)
        assert found.refusal is not None


@given(st.sampled_from(FaultKind), st.uuids().map(str))
def test_a_fault_dialled_to_one_strikes_always_and_to_zero_never(kind: FaultKind, attempt_id: str) -> None:
    well = behave("+14155551234", attempt_id=attempt_id)
    assert behave("+14155551234", fault=Fault(kind, "X", 0), attempt_id=attempt_id) == well
    assert behave("+14155551234", fault=Fault(kind, "X", PER_MILLION), attempt_id=attempt_id) != well


def test_a_fault_strikes_the_dialled_share() -> None:
    fault = Fault(FaultKind.REJECTED, "X", 250_000)
    struck = sum(behave("+14155551234", fault=fault, attempt_id=f"a-{n}").refusal is not None for n in range(4_000))
    assert 850 < struck < 1_150


def test_the_same_attempt_meets_the_same_fault_when_it_is_asked_again() -> None:
    fault = Fault(FaultKind.REJECTED, "X", 500_000)
    for attempt_id in ("a", "b", "c", "d"):
        first = behave("+14155551234", fault=fault, attempt_id=attempt_id)
        assert behave("+14155551234", fault=fault, attempt_id=attempt_id, now_ms=NOW_MS + 9_999) == first


def test_each_kind_of_fault_does_what_it_says() -> None:
    def faulty(kind: FaultKind) -> Behaviour:
        return behave("+14155551234", fault=Fault(kind, "E42", PER_MILLION))

    rejected, later, unknown = faulty(FaultKind.REJECTED), faulty(FaultKind.LATER), faulty(FaultKind.UNKNOWN)
    assert rejected.refusal == Rejected("E42", "Rejected by the fault dial")
    assert isinstance(later.refusal, Later)
    assert isinstance(unknown.refusal, Unknown)
    assert (rejected.taken, later.taken, unknown.taken) == (False, False, True)
    assert kinds(unknown) == [DELIVERED]
    assert faulty(FaultKind.NO_RECEIPT).steps == ()
    failed = faulty(FaultKind.FAILED)
    assert [(step.kind, step.error_code) for step in failed.steps] == [(FAILED, "E42")]
