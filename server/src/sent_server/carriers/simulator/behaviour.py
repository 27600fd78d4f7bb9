"""The behaviour of the simulated network. Pure: it depends on the digits of the number and on earlier messages.

Magic recipients are the fictitious numbers +1 NXX 555 01XX. Their last two digits select the behaviour (see `Magic`).
All other numbers succeed: delivered within a second, read a moment later on WhatsApp and RCS.
Source: docs/how-to/magic-numbers.md.
"""

import zlib
from dataclasses import replace
from enum import IntEnum, StrEnum

from sent_server.carriers.base import Later, ReceiptKind, Rejected, Submission, Unknown
from sent_server.carriers.reasons import Reason
from sent_server.kernel import media
from sent_server.kernel.channels import BASE_CHANNELS, Channel
from sent_server.kernel.values import value_object

DELIVERED_AFTER_MS = 300
READ_AFTER_MS = 900
REPLY_AFTER_MS = 1_000
LATE_AFTER_MS = 30_000
LATE_RECEIPT_TIMEOUT_MS = 60_000
STALE_AFTER_MS = 200
RETRY_AFTER_MS = 1_000
# The handset must not reply to our confirmation of a STOP with another STOP.
SILENT_AFTER_STOP_MS = 5_000
PER_MILLION = 1_000_000

_EVERYWHERE = frozenset(map(Channel, BASE_CHANNELS))
_USUAL = frozenset({Channel.SMS, Channel.WHATSAPP})
_LANDLINE = frozenset({Channel.WHATSAPP})


class Magic(IntEnum):
    DELIVERED = 0
    DELIVERED_AND_READ = 1
    NO_ANSWER = 2
    INVALID_NUMBER = 3
    REJECTED = 4
    DELIVERED_LATE = 5
    OUT_OF_ORDER = 6
    RECEIPTS_TWICE = 7
    ANSWERS_STOP = 8
    ECHOES = 9
    ERROR_THEN_WELL = 10
    BUSY_THEN_WELL = 11
    LANDLINE = 12
    NO_RECEIPT = 13
    TAKES_RCS = 14


class FaultKind(StrEnum):
    """The faults that the fault dial injects into a share of a channel's messages.

    UNKNOWN takes the message and loses the response. FAILED takes it and sends a failed receipt.
    """

    REJECTED = "rejected"
    LATER = "later"
    UNKNOWN = "unknown"
    NO_RECEIPT = "no_receipt"
    FAILED = "failed"


@value_object
class Fault:
    kind: FaultKind
    error_code: str
    per_million: int


@value_object
class Memory:
    """The first channel that a subject was seen on, and when it was last seen."""

    channel: str
    at_ms: int


@value_object
class Circumstances:
    """`channels` are the handset's channels, `memory` is stored in the network under `memory_key`."""

    channels: frozenset[str]
    fault: Fault | None
    memory: Memory | None
    now_ms: int


@value_object
class SimulatedStep:
    """A receipt, `after_ms` milliseconds after the submit. Steps with the same `event` repeat one receipt."""

    after_ms: int
    kind: ReceiptKind
    event: int
    error_code: str | None = None


@value_object
class SimulatedReply:
    """A reply from the handset. `text` None echoes the message."""

    after_ms: int
    text: str | None


@value_object
class Behaviour:
    """`refusal` is the carrier's outcome if it does not accept. `taken`: the handset gets the message anyway.

    The `*_after_ms` fields summarize `steps` for views of the handset. `remembers`: store a `Memory`.
    `overtakes`: the first receipt is sent before the response to the submit.
    """

    refusal: Rejected | Unknown | Later | None = None
    taken: bool = True
    steps: tuple[SimulatedStep, ...] = ()
    reply: SimulatedReply | None = None
    delivered_after_ms: int | None = None
    read_after_ms: int | None = None
    failed_after_ms: int | None = None
    remembers: bool = False
    overtakes: bool = False


def magic(phone: str) -> Magic | None:
    """The meaning of a fictitious number. None for all others."""
    if len(phone) != 12 or phone[5:10] != "55501" or not phone.startswith("+1") or phone[2] in "01":
        return None
    digits = int(phone[10:])
    return Magic(digits) if digits <= Magic.TAKES_RCS else None


def capabilities(phone: str) -> frozenset[str]:
    """The default channels of a handset: SMS and WhatsApp, except for landlines and RCS phones."""
    match magic(phone):
        case Magic.LANDLINE:
            return _LANDLINE
        case Magic.TAKES_RCS:
            return _EVERYWHERE
        case _:
            return _USUAL


def receipt_timeout_ms(phone: str) -> int | None:
    """How long this number's receipts may take. None means the carrier's usual time."""
    return LATE_RECEIPT_TIMEOUT_MS if magic(phone) is Magic.DELIVERED_LATE else None


def reason_of(code: str) -> Reason:
    """Our reason for an error code of this network. The fault dial may also set a reason as the code."""
    return _REASONS.get(code) or (Reason(code) if code in Reason.__members__ else Reason.UNKNOWN)


def memory_key(submission: Submission) -> str | None:
    """The key of the memory of this submission. None for numbers without a memory."""
    match magic(submission.recipient):
        case Magic.NO_ANSWER | Magic.ERROR_THEN_WELL | Magic.BUSY_THEN_WELL:
            return submission.message_id
        case Magic.ANSWERS_STOP:
            return submission.recipient
        case _:
            return None


def decide(submission: Submission, circumstances: Circumstances) -> Behaviour:
    """The carrier's outcome, and the receipts and replies that follow."""
    number = magic(submission.recipient)
    # A handset that takes SMS takes MMS.
    device_channel = Channel.SMS if submission.channel is Channel.MMS else submission.channel
    if device_channel not in circumstances.channels:
        return _LANDLINE_REFUSES if number is Magic.LANDLINE else _NOT_ON_CHANNEL
    if submission.channel is Channel.MMS and any(
        media.host(one.url).endswith(".invalid") for one in submission.content.media
    ):
        return _NOT_FETCHED
    if circumstances.fault and _strikes(circumstances.fault, submission, circumstances.now_ms):
        return _faulty(circumstances.fault, submission.channel)
    if number is None:
        return _WELL[submission.channel]
    return _of_magic(number, submission.channel, circumstances)


def _of_magic(number: Magic, channel: Channel, circumstances: Circumstances) -> Behaviour:
    memory = circumstances.memory
    match number:
        case Magic.DELIVERED:
            return _JUST_DELIVERED
        case Magic.DELIVERED_AND_READ:
            return _DELIVERED_AND_READ
        case Magic.NO_ANSWER:
            # Silent on the first channel. Other channels deliver.
            silent = memory is None or memory.channel == channel
            return _SILENT_HERE if silent else _WELL[channel]
        case Magic.INVALID_NUMBER:
            return _INVALID
        case Magic.REJECTED:
            return _REFUSED
        case Magic.DELIVERED_LATE:
            return _LATE
        case Magic.OUT_OF_ORDER:
            return _STALE_FAILURE if channel in (Channel.SMS, Channel.MMS) else _READ_FIRST
        case Magic.RECEIPTS_TWICE:
            return _TWICE
        case Magic.ANSWERS_STOP:
            if memory and circumstances.now_ms < memory.at_ms + SILENT_AFTER_STOP_MS:
                return _WELL[channel]
            return replace(_WELL[channel], reply=SimulatedReply(REPLY_AFTER_MS, "STOP"), remembers=True)
        case Magic.ECHOES:
            return replace(_WELL[channel], reply=SimulatedReply(REPLY_AFTER_MS, None))
        case Magic.ERROR_THEN_WELL:
            return _WELL[channel] if memory else _ERROR
        case Magic.BUSY_THEN_WELL:
            return _WELL[channel] if memory else _BUSY
        case Magic.NO_RECEIPT:
            return _SILENT
        case Magic.LANDLINE | Magic.TAKES_RCS:
            return _WELL[channel]


def _strikes(fault: Fault, submission: Submission, now_ms: int) -> bool:
    """Whether the fault applies. A repeated attempt has the same result; a deferred one gets a new random result."""
    ticket = submission.attempt_id
    if fault.kind is FaultKind.LATER:
        ticket += f"@{now_ms}"
    return zlib.crc32(ticket.encode()) % PER_MILLION < fault.per_million


def _faulty(fault: Fault, channel: Channel) -> Behaviour:
    code = fault.error_code
    match fault.kind:
        case FaultKind.REJECTED:
            return Behaviour(Rejected(code, "Rejected by the fault dial", reason_of(code)), taken=False)
        case FaultKind.LATER:
            return Behaviour(Later(RETRY_AFTER_MS, f"{code}: deferred by the fault dial"), taken=False)
        case FaultKind.UNKNOWN:
            return replace(_WELL[channel], refusal=Unknown(f"{code}: response lost by the fault dial"))
        case FaultKind.NO_RECEIPT:
            return _SILENT
        case FaultKind.FAILED:
            return _course(SimulatedStep(DELIVERED_AFTER_MS, ReceiptKind.FAILED, 0, code))


def _course(*steps: SimulatedStep, overtakes: bool = False) -> Behaviour:
    def first(kind: ReceiptKind) -> int | None:
        return min((step.after_ms for step in steps if step.kind is kind), default=None)

    delivered_after_ms, read_after_ms = first(ReceiptKind.DELIVERED), first(ReceiptKind.READ)
    return Behaviour(
        steps=steps,
        delivered_after_ms=delivered_after_ms,
        read_after_ms=read_after_ms,
        failed_after_ms=first(ReceiptKind.FAILED) if delivered_after_ms is None else None,
        overtakes=overtakes,
    )


def _refusal(code: str, text: str) -> Behaviour:
    return Behaviour(Rejected(code, text, reason_of(code)), taken=False)


_REASONS = {
    "CARRIER_REJECTED": Reason.UNKNOWN,
    "LANDLINE": Reason.NOT_MOBILE,
    "NOT_REACHABLE": Reason.NOT_ON_CHANNEL,
    "STALE": Reason.EXPIRED,
}
TAKEN_BEFORE = Behaviour(taken=False)
_DELIVERED = SimulatedStep(DELIVERED_AFTER_MS, ReceiptKind.DELIVERED, 0)
_READ = SimulatedStep(READ_AFTER_MS, ReceiptKind.READ, 1)
_JUST_DELIVERED = _course(_DELIVERED)
_DELIVERED_AND_READ = _course(_DELIVERED, _READ)
_WELL = {
    Channel.SMS: _JUST_DELIVERED,
    Channel.WHATSAPP: _DELIVERED_AND_READ,
    Channel.RCS: _DELIVERED_AND_READ,
    Channel.MMS: _JUST_DELIVERED,
}
_SILENT = Behaviour()
_SILENT_HERE = Behaviour(remembers=True)
_LATE = _course(SimulatedStep(LATE_AFTER_MS, ReceiptKind.DELIVERED, 0))
# Carriers deliver receipts in any order, even before the response to the submit (jasmin #423).
_READ_FIRST = _course(
    SimulatedStep(0, ReceiptKind.READ, 1), SimulatedStep(STALE_AFTER_MS, ReceiptKind.DELIVERED, 0), overtakes=True
)
_STALE_FAILURE = _course(
    SimulatedStep(0, ReceiptKind.DELIVERED, 0),
    SimulatedStep(STALE_AFTER_MS, ReceiptKind.FAILED, 1, "STALE"),
    overtakes=True,
)
# One exact repeat of the receipt, and one with another event id.
_TWICE = _course(_DELIVERED, _DELIVERED, replace(_DELIVERED, after_ms=2 * DELIVERED_AFTER_MS, event=1))
_ERROR = Behaviour(Unknown("The carrier answered 500"), taken=False, remembers=True)
_BUSY = Behaviour(Later(RETRY_AFTER_MS, "The carrier answered 429"), taken=False, remembers=True)
_INVALID = _refusal("INVALID_NUMBER", "The number does not exist")
_REFUSED = _refusal("CARRIER_REJECTED", "The carrier rejected the message")
_LANDLINE_REFUSES = _refusal("LANDLINE", "The number is a landline")
_NOT_FETCHED = _refusal("MEDIA_NOT_FETCHED", "The media could not be fetched")
_NOT_ON_CHANNEL = _refusal("NOT_REACHABLE", "The handset does not take this channel")
