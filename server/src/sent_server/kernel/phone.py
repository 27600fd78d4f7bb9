"""Phone numbers: strict E.164 in requests, the documented display formats in responses.

Only the syntax is checked, because the example of the documents, +1234567890, is not a valid number and must work.
No country has numbers of fewer than seven digits with the calling code, so a short code is not a phone number.
"""

import functools
import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from sent_server.kernel.values import value_object

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
UNKNOWN_REGION = "ZZ"
_NON_GEOGRAPHIC = "001"


@value_object
class Formats:
    e164: str
    international: str
    national: str
    rfc3966: str
    country_code: str
    region_code: str


def is_e164(text: str) -> bool:
    return _E164.fullmatch(text) is not None


def e164_pattern() -> str:
    """What `is_e164` accepts, as a regex that other engines read."""
    return f"^{_E164.pattern}$"


def digits_of(text: str) -> str:
    """The ASCII digits of a search text such as "(415) 555"."""
    return re.sub(r"[^0-9]", "", text)


@functools.lru_cache(maxsize=20_000)
def formats(e164: str) -> Formats:
    """All display forms of a number that passed `is_e164`."""
    number = _parse(e164)
    if number is None:
        return Formats(e164, e164, e164[1:], f"tel:{e164}", e164[1:4], UNKNOWN_REGION)
    country_code = str(number.country_code)
    region_code = region(e164)
    if country_code == "1" and not phonenumbers.is_possible_number(number):
        return _grouped_like_the_documents(e164, region_code)
    return Formats(
        e164,
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
        country_code,
        region_code,
    )


def region(e164: str) -> str:
    """ISO 3166-1 alpha-2 of the number, `ZZ` when unknown or non-geographic.

    Cached by the digits that decide it (the area code in North America), so that new contacts cost microseconds.
    """
    country_code = _country_code(e164)
    if country_code is None:
        return UNKNOWN_REGION
    if country_code == 1:
        return _nanp_region(e164[2:5])
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[country_code]
    if len(regions) == 1:
        return UNKNOWN_REGION if regions[0] == _NON_GEOGRAPHIC else regions[0]
    return _shared_code_region(e164, regions[0])


def is_region(country: str) -> bool:
    """Whether a country (ISO 3166-1 alpha-2, in capitals) has telephone numbers."""
    return country in phonenumbers.SUPPORTED_REGIONS


def is_toll_free(e164: str) -> bool:
    number = _parse(e164)
    return number is not None and phonenumbers.number_type(number) == PhoneNumberType.TOLL_FREE


def is_mobile(e164: str) -> bool:
    """Whether the number is one of mobile phones alone."""
    number = _parse(e164)
    return number is not None and phonenumbers.number_type(number) == PhoneNumberType.MOBILE


def example(country: str, number_type: str) -> str | None:
    """An example of the numbering plan for `TOLL_FREE`, `LOCAL` or `MOBILE` numbers; of any kind if it has none."""
    wanted = {"TOLL_FREE": PhoneNumberType.TOLL_FREE, "LOCAL": PhoneNumberType.FIXED_LINE}
    kind = wanted.get(number_type, PhoneNumberType.MOBILE)
    number = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
    return number and phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _country_code(e164: str) -> int | None:
    for length in (1, 2, 3):
        candidate = int(e164[1 : 1 + length])
        if candidate in phonenumbers.COUNTRY_CODE_TO_REGION_CODE and len(e164) > 1 + length:
            return candidate
    return None


@functools.lru_cache(maxsize=1_000)
def _nanp_region(area_code: str) -> str:
    if len(area_code) < 3:
        return "US"
    number = PhoneNumber(country_code=1, national_number=int(f"{area_code}5550100"))
    return phonenumbers.region_code_for_number(number) or "US"


@functools.lru_cache(maxsize=20_000)
def _shared_code_region(e164: str, main_region: str) -> str:
    number = _parse(e164)
    return (number and phonenumbers.region_code_for_number(number)) or main_region


def _parse(e164: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None


def _grouped_like_the_documents(e164: str, region_code: str) -> Formats:
    digits = e164[2:]
    groups = [part for part in (digits[:3], digits[3:6], digits[6:]) if part]
    dashed = "-".join(groups)
    national = f"({groups[0]}) {'-'.join(groups[1:])}" if len(groups) > 1 else dashed
    return Formats(e164, f"+1 {dashed}", national, f"tel:+1-{dashed}", "1", region_code)
