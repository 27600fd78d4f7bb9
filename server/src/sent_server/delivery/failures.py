"""Failures of legs: the reason, and its text for people. Pure."""

from sent_server.carriers.base import Receipt, Rejected
from sent_server.carriers.reasons import TABLE, Reason, explain
from sent_server.kernel.channels import LABELS
from sent_server.kernel.values import value_object
from sent_server.routing.plan import WINDOW_CLOSED

UNDELIVERED = "The carrier could not deliver the message"
_SECOND_MS, _MINUTE_MS, _HOUR_MS = 1_000, 60_000, 3_600_000


@value_object
class Failure:
    """Why a leg failed. `code` is the carrier's code. `text` stands alone, `sentence` names the channel."""

    reason: Reason
    code: str | None
    text: str
    sentence: str

    @property
    def reason_code(self) -> str:
        return TABLE[self.reason].reason_code

    @property
    def explanation(self) -> str:
        """The sentence that the API shows as `reason`."""
        return explain(self.reason, self.sentence)

    def description(self, *, of_shown_leg: bool) -> str:
        """The text of a FAILED activity, after the documented prefix or else the carrier's code, if there is one."""
        prefix = TABLE[self.reason].prefix
        if not of_shown_leg:
            return f"{prefix}: {self.sentence}" if prefix else self.sentence
        if prefix:
            return f"{prefix}: {self.text} ({self.code})" if self.code else f"{prefix}: {self.text}"
        return f"{self.code}: {self.text}" if self.code else self.text


def opted_out() -> Failure:
    return Failure(Reason.OPTED_OUT, None, "the contact has opted out", "the contact has opted out")


def window_closed() -> Failure:
    return Failure(Reason.WINDOW_CLOSED, None, WINDOW_CLOSED, WINDOW_CLOSED)


def rejected(outcome: Rejected, channel: str) -> Failure:
    sentence = f"{LABELS[channel]} rejected the message ({outcome.code}: {outcome.text})"
    return Failure(outcome.reason, outcome.code, outcome.text, sentence)


def undelivered(receipt: Receipt, channel: str | None) -> Failure:
    """The failure for a FAILED receipt. `channel` is None for a leg of an earlier round."""
    reason, code = receipt.reason or Reason.UNKNOWN, receipt.error_code
    sentence = f"{LABELS[channel]} could not deliver the message" if channel else UNDELIVERED
    if code is None:
        return Failure(reason, None, UNDELIVERED, sentence)
    return Failure(reason, code, UNDELIVERED[0].lower() + UNDELIVERED[1:], f"{sentence} ({code})")


def no_receipt(channel: str, *, waited_ms: int) -> Failure:
    text = f"No receipt from {LABELS[channel]} within {duration(waited_ms)}"
    return Failure(Reason.NO_RECEIPT, None, text, text)


def not_taken(channel: str, *, attempts: int) -> Failure:
    """The failure after too many submits that were deferred or got no response."""
    what = f"did not take the message after {attempts} attempts"
    return Failure(Reason.CARRIER_FAULT, None, f"The carrier {what}", f"{LABELS[channel]} {what}")


def duration(span_ms: int) -> str:
    """The duration in the largest unit that needs no fraction: 10 s, 90 s, 5 min, 72 h."""
    for unit_ms, unit in ((_HOUR_MS, "h"), (_MINUTE_MS, "min")):
        if span_ms >= 2 * unit_ms and span_ms % unit_ms == 0:
            return f"{span_ms // unit_ms} {unit}"
    return f"{span_ms // _SECOND_MS} s" if span_ms >= _SECOND_MS else f"{span_ms} ms"
