"""The only table of failure reasons. Source: contract/reasons.json, copied next to this file.

The engine and every carrier use a `Reason`. The table defines its code and texts, and its consequences.
"""

import json
from enum import StrEnum
from importlib import resources

from sent_server.kernel.values import value_object

MARKETING = "MARKETING"


class Reason(StrEnum):
    OPTED_OUT = "OPTED_OUT"
    STOPPED_AT_CARRIER = "STOPPED_AT_CARRIER"
    NO_ROUTE = "NO_ROUTE"
    REGION_NOT_ALLOWED = "REGION_NOT_ALLOWED"
    CHANNEL_NOT_CONFIGURED = "CHANNEL_NOT_CONFIGURED"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    PARAMETERS = "PARAMETERS"
    TOO_LONG = "TOO_LONG"
    BAD_CONTENT = "BAD_CONTENT"
    TEMPLATE_PROBLEM = "TEMPLATE_PROBLEM"
    NO_BALANCE = "NO_BALANCE"
    ACCOUNT_QUOTA = "ACCOUNT_QUOTA"
    SENDER_NOT_ALLOWED = "SENDER_NOT_ALLOWED"
    REGISTRATION_MISSING = "REGISTRATION_MISSING"
    NOT_ON_CHANNEL = "NOT_ON_CHANNEL"
    INVALID_NUMBER = "INVALID_NUMBER"
    NOT_MOBILE = "NOT_MOBILE"
    UNKNOWN_SUBSCRIBER = "UNKNOWN_SUBSCRIBER"
    UNREACHABLE = "UNREACHABLE"
    BLOCKED_BY_RECIPIENT = "BLOCKED_BY_RECIPIENT"
    FREQUENCY_CAPPED = "FREQUENCY_CAPPED"
    CONTENT_REFUSED = "CONTENT_REFUSED"
    MEDIA_NOT_FETCHED = "MEDIA_NOT_FETCHED"
    NO_RECEIPT = "NO_RECEIPT"
    EXPIRED = "EXPIRED"
    CARRIER_QUOTA = "CARRIER_QUOTA"
    CARRIER_ACCOUNT = "CARRIER_ACCOUNT"
    CARRIER_FAULT = "CARRIER_FAULT"
    UNKNOWN = "UNKNOWN"


class FallsBack(StrEnum):
    """Whether the next channel is tried after a leg that failed for this reason."""

    ALWAYS = "always"
    NEVER = "never"
    UNLESS_MARKETING = "unless_marketing"


@value_object
class ReasonEntry:
    """`reason_code` is for programs. `prefix` starts the description, if the contract documents one.

    `suppresses`: `contact` counts as a STOP of the recipient. `channel` concerns one channel and has no effect.
    `next_step` is advice for people.
    """

    reason: Reason
    reason_code: str
    prefix: str | None
    falls_back: FallsBack
    suppresses: str | None
    next_step: str


def _load() -> dict[Reason, ReasonEntry]:
    text = resources.files("sent_server.carriers").joinpath("reasons.json").read_text(encoding="utf-8")
    rows = json.loads(text)["reasons"]
    return {
        Reason(row["reason"]): ReasonEntry(
            Reason(row["reason"]),
            row["reason_code"],
            row["prefix"],
            FallsBack(row["falls_back"]),
            row["suppresses"],
            row["next_step"],
        )
        for row in rows
    }


TABLE: dict[Reason, ReasonEntry] = _load()
# A documented prefix has one code.
CODE_OF_PREFIX: dict[str, str] = {entry.prefix: entry.reason_code for entry in TABLE.values() if entry.prefix}


def falls_back(reason: Reason, category: str | None) -> bool:
    """Whether the next channel is tried. `category` is the template's, or None for our replies."""
    match TABLE[reason].falls_back:
        case FallsBack.ALWAYS:
            return True
        case FallsBack.NEVER:
            return False
        case FallsBack.UNLESS_MARKETING:
            return category != MARKETING


def explain(reason: Reason, what: str) -> str:
    """The sentence that the API shows as `reason`: what happened, and what to do next."""
    return f"{what[:1].upper()}{what[1:].rstrip('.')}. {TABLE[reason].next_step}"
