"""Facts of the numbering plan about a number, offline. Blocks for milliseconds; run it off the event loop.

The carrier is the one that first received the number range, so a ported number keeps its old name. In North America the
plan does not distinguish mobile numbers from landlines. The tables of a country are loaded with its first number.
"""

import functools

import phonenumbers
from phonenumbers import PhoneNumberType

from sent_server.kernel import phone
from sent_server.numbers.model import NumberDetails

LINE_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


@functools.lru_cache(maxsize=10_000)
def describe(number: str) -> NumberDetails | None:
    """None if no country has such numbers. `number` is E.164."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    region = phone.region(number)
    return NumberDetails(
        number=number,
        is_valid=phonenumbers.is_valid_number(parsed),
        line_type=LINE_TYPES.get(phonenumbers.number_type(parsed)),
        carrier_name=_carrier_name(parsed),
        country_code=None if region == phone.UNKNOWN_REGION else region,
    )


def _carrier_name(parsed: phonenumbers.PhoneNumber) -> str | None:
    from phonenumbers import carrier  # 10 MB, needed by lookups only

    return carrier.name_for_number(parsed, "en") or None
