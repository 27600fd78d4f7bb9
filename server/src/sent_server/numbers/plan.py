"""What the numbering plan says of a number, offline. Blocks for milliseconds; run it off the event loop.

The names of carriers are those that a number range was first given to: a number that moved keeps them. In North America
the plan tells mobile and landline apart for nobody. The tables are read when the first number of a country comes.
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
    """None when no country has such numbers. `number` is E.164."""
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
    from phonenumbers import carrier  # 10 MB that only lookups need

    return carrier.name_for_number(parsed, "en") or None
