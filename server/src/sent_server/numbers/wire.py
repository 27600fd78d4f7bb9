"""Numbers in the path, and the answers in both spellings. Source: contract openapi-v3, NOTES a38, a39."""

import re
from typing import Any

from sent_server.errors import ApiError
from sent_server.kernel import phone
from sent_server.numbers.model import NumberDetails

REQUIRED = "Phone number is required"
_BETWEEN = re.compile(r"[ \-.()]")
_DIGITS = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)


def number(text: str) -> str:
    """E.164 of what people write: with blanks, dots, dashes and brackets, and without the plus.

    Raises VALIDATION_001 for none, VALIDATION_002 for anything else.
    """
    written = _BETWEEN.sub("", text)
    if not written:
        raise ApiError("VALIDATION_001", REQUIRED)
    found = written if written.startswith("+") else f"+{written}" if _DIGITS.fullmatch(written) else ""
    if not phone.is_e164(found):
        raise ApiError("VALIDATION_002")
    return found


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
    """For the retired path: its own camelCase keys beside today's."""
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
