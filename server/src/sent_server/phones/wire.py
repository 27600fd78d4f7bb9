"""Bodies and responses of /sim."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from sent_server.carriers.base import Attachment, ReceiptKind
from sent_server.carriers.simulator.behaviour import PER_MILLION, Fault, FaultKind, magic
from sent_server.carriers.simulator.model import DialledFault, Handset, HandsetMessage
from sent_server.http.fields import Phone, RequestBody, Uuid, between, fault, one_of
from sent_server.http.lengths import AtMost
from sent_server.kernel import timestamps, typed_text
from sent_server.kernel.channels import BASE_CHANNELS, CHANNELS, MMS
from sent_server.kernel.media import MAX_ATTACHMENTS, url_problem

MAX_TEXT_CHARS = 4_096
MAX_CODE_CHARS = 64
MAX_ADVANCE_MS = 366 * 86_400_000


def _check_text(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_004", "'text' is required")
    if len(value) > MAX_TEXT_CHARS:
        raise fault("VALIDATION_005", f"'text' must be at most {MAX_TEXT_CHARS} characters")
    return value


def _check_media_url(value: str) -> str:
    if problem := url_problem(value):
        raise fault("VALIDATION_001", problem)
    return value


def _check_probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise fault("VALIDATION_005", "Value must be between 0 and 1")
    return value


def _check_code(value: str) -> str:
    if not 1 <= len(value) <= MAX_CODE_CHARS or not value.isascii() or not value.isprintable():
        raise fault("VALIDATION_001", f"Value must be 1 to {MAX_CODE_CHARS} printable ASCII characters")
    return value


def _check_once_each(faults: "list[FaultSetting]") -> "list[FaultSetting]":
    if len({setting.channel for setting in faults}) < len(faults):
        raise fault("VALIDATION_001", "Each channel may have one fault")
    return faults


AnyChannel = Annotated[str, one_of(CHANNELS)]


class SetCapabilities(RequestBody):
    """Absent or null leaves a channel unchanged."""

    sms: bool | None = None
    whatsapp: bool | None = None
    rcs: bool | None = None

    @property
    def wanted(self) -> dict[str, bool | None]:
        return {"sms": self.sms, "whatsapp": self.whatsapp, "rcs": self.rcs}


class HandsetMedium(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    url: Annotated[str, AfterValidator(_check_media_url)]
    mime_type: str | None = None
    size_bytes: int | None = None
    hash_sha256: str | None = None


class HandsetReply(RequestBody):
    """A message from the handset. `to` is the account's number on that channel and is optional."""

    channel: AnyChannel
    text: Annotated[str, AfterValidator(_check_text)] | None = None
    media: Annotated[list[HandsetMedium], AtMost(MAX_ATTACHMENTS, "media")] | None = None
    to: Phone | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.text is None and not self.media:
            raise fault("VALIDATION_004", "'text' is required without 'media'")
        if self.media and self.channel != MMS:
            raise fault("VALIDATION_001", "'media' needs the channel mms")
        return self

    @property
    def attachments(self) -> list[Attachment]:
        return [Attachment(one.url, None, one.mime_type, one.size_bytes, one.hash_sha256) for one in self.media or ()]


class Confirmation(RequestBody):
    """A receipt for a message on the handset: the newest on that channel, or the one with `message_id`."""

    channel: AnyChannel
    kind: Annotated[str, one_of([kind.value for kind in ReceiptKind])]
    message_id: Uuid | None = None
    error_code: Annotated[str, AfterValidator(_check_code)] | None = None


class FaultSetting(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    channel: AnyChannel
    kind: Annotated[str, one_of([kind.value for kind in FaultKind])]
    probability: Annotated[float, AfterValidator(_check_probability)]
    error_code: Annotated[str, AfterValidator(_check_code)] = "SIMULATED_FAULT"

    @property
    def dialled(self) -> DialledFault:
        per_million = round(self.probability * PER_MILLION)
        return DialledFault(self.channel, Fault(FaultKind(self.kind), self.error_code, per_million))


class SetFaults(RequestBody):
    """All faults of the dial. A channel that is not listed has no fault."""

    faults: Annotated[list[FaultSetting], AtMost(len(CHANNELS), "faults"), AfterValidator(_check_once_each)]


class AdvanceClock(RequestBody):
    advance_ms: Annotated[int, between(1, MAX_ADVANCE_MS)]


def handset(found: Handset) -> dict[str, Any]:
    number = magic(found.phone)
    return {
        "phone": found.phone,
        "capabilities": {channel: channel in found.channels for channel in BASE_CHANNELS},
        "magic": None if number is None else number.name.lower(),
        "message_count": found.messages,
        "last_message_at": timestamps.iso_or_none(found.last_at_ms),
    }


def message(found: HandsetMessage, *, now_ms: int) -> dict[str, Any]:
    """`sender` is the account's number, even for a message from the handset."""
    extras: dict[str, Any] = orjson.loads(found.extras_json) if found.extras_json else {}
    return {
        "id": found.id,
        "message_id": found.message_id,
        "direction": found.direction,
        "channel": found.channel,
        "phone": found.phone,
        "sender": found.sender,
        "text": found.text,
        "header": extras.get("header"),
        "footer": extras.get("footer"),
        "buttons": extras.get("buttons", []),
        "header_media": extras.get("header_media"),
        "location": extras.get("location"),
        "media": extras.get("media", []),
        "subject": extras.get("subject"),
        "state": found.state(now_ms),
        "duplicates": found.duplicates,
        "created_at": timestamps.iso(found.at_ms),
    }


def faults(dialled: Sequence[DialledFault]) -> dict[str, Any]:
    return {
        "faults": [
            {
                "channel": item.channel,
                "kind": item.fault.kind.value,
                "probability": item.fault.per_million / PER_MILLION,
                "error_code": item.fault.error_code,
            }
            for item in dialled
        ]
    }


def clock(now_ms: int, offset_ms: int) -> dict[str, Any]:
    return {"now": timestamps.iso(now_ms), "offset_ms": offset_ms}
