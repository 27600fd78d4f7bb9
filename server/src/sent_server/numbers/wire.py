"""Numbers in the path, and responses in both spellings. Source: contract/openapi-v3.json, contract/NOTES.md a38."""

import re
import unicodedata
from typing import Any

import phonenumbers

from sent_server.errors import ApiError
from sent_server.kernel import phone, typed_text
from sent_server.numbers.model import NumberDetails

REQUIRED = "Phone number is required"
FORM = "Write the number with + and its country code, such as +12025551234"
# In addition to white space and dashes. A slash only between digits: at the end it would be another path.
_BETWEEN = frozenset(".()[]/\u2212\u00b7\uff08\uff09\uff0e\uff0f")
_DIRECTION_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # copied with the number
_DIGITS = re.compile(r"[1-9][0-9]{6,15}", re.ASCII)  # one more than in E.164, for a trunk zero
_NORTH_AMERICAN_DIGITS = 10


def number(text: str) -> str:
    """E.164 from a number as people write it: blanks, dots, dashes, slashes, brackets, a trunk zero (+44 (0) 20 ...).

    The plus is optional only if the digits can only be a complete number with its country code.
    Raises VALIDATION_001 for empty text, VALIDATION_002 for other text.
    """
    if typed_text.is_blank(text):
        raise ApiError("VALIDATION_001", REQUIRED)
    text = text.strip(_DIRECTION_MARKS)
    written = "" if text.startswith("/") or text.endswith("/") else "".join(map(_kept, text))
    digits = written.removeprefix("+")
    if not _DIGITS.fullmatch(digits):
        raise _refusal()
    try:
        parsed = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        parsed = None
    if not written.startswith("+") and (parsed is None or not _is_whole(parsed, digits)):
        raise _refusal()
    found = f"+{digits}" if parsed is None else phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not phone.is_e164(found):
        raise _refusal()
    return found


def _kept(character: str) -> str:
    return "" if unicodedata.category(character) in ("Zs", "Pd") or character in _BETWEEN else character


def _is_whole(parsed: phonenumbers.PhoneNumber, digits: str) -> bool:
    """Whether digits without a plus have a country code. 479 555 1234 is in Arkansas, +479 555 1234 in Norway."""
    if not phonenumbers.is_valid_number(parsed):
        return False
    return len(digits) != _NORTH_AMERICAN_DIGITS or not phonenumbers.is_valid_number(phonenumbers.parse(digits, "US"))


def _refusal() -> ApiError:
    return ApiError("VALIDATION_002", details={"phoneNumber": [FORM]})


def details(found: NumberDetails) -> dict[str, Any]:
    return {
        "phone_number": found.number,
        "is_valid": found.is_valid,
        "carrier_name": found.carrier_name,
        "line_type": found.line_type,
        "country_code": found.country_code,
        "mobile_country_code": found.mobile_country_code,
        "mobile_network_code": found.mobile_network_code,
        "is_ported": found.is_ported,
        "is_voip": found.is_voip,
    }


def both_spellings(found: NumberDetails) -> dict[str, Any]:
    """For the retired path: its camelCase keys and the current ones."""
    return {
        **details(found),
        "phoneNumber": found.number,
        "isValid": found.is_valid,
        "carrierName": found.carrier_name,
        "lineType": found.line_type,
        "mobileCountryCode": found.mobile_country_code,
        "mobileNetworkCode": found.mobile_network_code,
        "isPorted": found.is_ported,
        "isVoip": found.is_voip,
        "provider": found.provider,
    }
