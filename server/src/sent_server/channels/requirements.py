"""What a market asks for. Pure: one table answers the question and validates what an account gives."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sent_server.channels.model import NumberType
from sent_server.kernel import phone
from sent_server.kernel.values import value_object

SENDER_ID_PATTERN = "^(?=.*[A-Za-z])[A-Za-z0-9 ]{3,11}$"
SHORT_CODE_PATTERN = "^[0-9]{3,8}$"
# Carriers there replace or drop a sender id.
NO_SENDER_IDS = ("US", "CA")
_TEN_DLC_COUNTRY = "US"
_SENDER_ID = re.compile(SENDER_ID_PATTERN, re.ASCII)
_SHORT_CODE = re.compile(SHORT_CODE_PATTERN, re.ASCII)


@value_object
class Requirement:
    """`key` is a path into the request. `within` is asked for only if that object does not inherit."""

    key: str
    label: str
    description: str
    is_required: bool = True
    is_object: bool = False
    within: str | None = None


BRAND, CAMPAIGN = "compliance.brand", "compliance.campaign"
_TEN_DLC = (
    Requirement(
        BRAND, "Brand", 'The business that sends. {"inherit": true} uses the brand of the organization.', is_object=True
    ),
    Requirement(f"{BRAND}.legal_name", "Legal name", "The registered name of the business.", within="brand"),
    Requirement(
        CAMPAIGN,
        "Campaign",
        'The messages and the consent to them. {"inherit": true} uses the campaigns of the organization.',
        is_object=True,
    ),
    Requirement(
        f"{CAMPAIGN}.message_flow", "Message flow", "How people agree to receive these messages.", within="campaign"
    ),
    Requirement(
        f"{CAMPAIGN}.description", "Description", "What the messages are about.", is_required=False, within="campaign"
    ),
)


def number_type(text: str) -> NumberType | None:
    """In any case; 10DLC is TEN_DLC."""
    wanted = text.upper()
    wanted = "TEN_DLC" if wanted == "10DLC" else wanted
    return next((known for known in NumberType if known.value == wanted), None)


def country(text: str) -> str | None:
    """In any case. None for one that has no telephone numbers."""
    wanted = text.upper()
    return wanted if text.isascii() and phone.is_region(wanted) else None


def not_available(country: str, kind: NumberType) -> str | None:
    """Why a country does not have senders of a kind."""
    if kind is NumberType.TEN_DLC and country != _TEN_DLC_COUNTRY:
        return f"TEN_DLC exists in {_TEN_DLC_COUNTRY} only; use LOCAL, MOBILE or ALPHANUMERIC in {country}"
    if kind is NumberType.ALPHANUMERIC and country in NO_SENDER_IDS:
        return f"Sender ids cannot be used in {country}; use TEN_DLC, TOLL_FREE or SHORT_CODE"
    return None


def of_market(kind: NumberType) -> Sequence[Requirement]:
    return _TEN_DLC if kind is NumberType.TEN_DLC else ()


def lacking(kind: NumberType, compliance: Mapping[str, Any] | None) -> dict[str, str]:
    """What a market lacks, by the path of the field."""
    given = compliance or {}
    faults: dict[str, str] = {}
    for one in of_market(kind):
        _, group, *field = one.key.split(".")
        found = given.get(group)
        if one.is_object:
            if not found:
                faults[one.key] = f"This market asks for a {group}: {one.description}"
        elif one.is_required and found and not found.get("inherit") and not found.get(_camel(field[0])):
            faults[one.key] = f"Is required, unless {group}.inherit is true"
    return faults


def sender_fault(country: str, kind: NumberType, value: str | None) -> tuple[str, str] | None:
    """(code, message) for a sender value that the market cannot have."""
    if kind is NumberType.ALPHANUMERIC:
        if value is None:
            return "VALIDATION_004", "'sender_value' is required for ALPHANUMERIC: the sender id that recipients see"
        if not _SENDER_ID.fullmatch(value) or value != value.strip():
            return "VALIDATION_001", "A sender id has 3 to 11 letters, digits and blanks, and at least one letter"
    elif value is None:
        return None
    elif kind is NumberType.SHORT_CODE:
        if not _SHORT_CODE.fullmatch(value):
            return "VALIDATION_001", "A short code has 3 to 8 digits"
    elif not phone.is_e164(value):
        return "VALIDATION_001", "Phone number must be in E.164 format (e.g., +1234567890)"
    elif phone.region(value) != country:
        return "VALIDATION_001", f"Must be a number of {country}"
    return None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def in_camel_case(given: Mapping[str, Any]) -> dict[str, Any]:
    """Names of fields as answers show them, so that both spellings of a field are one."""
    return {_camel(name) if "_" in name.strip("_") else name: value for name, value in given.items()}
