"""Phone numbers: strict on the way in, the documented formats on the way out."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import phone
from sent_server.kernel.phone import Formats

# Real numbers of many countries, as the library itself gives them.
EXAMPLES = sorted(
    phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    for region in phonenumbers.SUPPORTED_REGIONS
    if (number := phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE))
)
E164 = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True, alphabet="+0123456789")


def test_the_documents_own_example_has_the_documents_own_formats():
    assert phone.formats("+1234567890") == Formats(
        e164="+1234567890",
        international="+1 234-567-890",
        national="(234) 567-890",
        rfc3966="tel:+1-234-567-890",
        country_code="1",
        region_code="US",
    )


def test_a_valid_number_is_formatted_as_its_country_writes_it():
    found = phone.formats("+447700900123")
    assert (found.international, found.national) == ("+44 7700 900123", "07700 900123")
    assert (found.rfc3966, found.country_code, found.region_code) == ("tel:+44-7700-900123", "44", "GB")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "123",
        "14155551234",
        "+0123456",
        "+1",
        "+12",
        "+40404",  # a short code
        "+1234567890123456",
        "+1 415 555 1234",
        "+1415555123a",
        "+14155551234\n",
        "\n+14155551234",
        "++14155551234",
        "+1415\u0665551234",  # an Arabic five
        "\uff0b14155551234",  # a full-width plus
        "+\u00b94155551234",  # a superscript one
    ],
)
def test_what_is_not_exactly_e164_is_refused(text):
    assert not phone.is_e164(text)


def test_seven_to_fifteen_digits_are_e164():
    assert phone.is_e164("+1234567")
    assert not phone.is_e164("+123456")
    assert phone.is_e164("+123456789012345")


@given(E164)
def test_every_e164_number_has_all_formats_whether_it_exists_or_not(number):
    found = phone.formats(number)
    assert found.e164 == number
    # The display forms of a number that cannot exist may lose or gain a trunk prefix; format_e164 is exact.
    assert phone.digits_of(found.international).startswith(found.country_code)
    assert found.rfc3966.startswith("tel:+")
    assert phone.digits_of(found.rfc3966) == phone.digits_of(found.international)
    assert number[1:].startswith(found.country_code)
    assert len(found.region_code) == 2
    assert found.region_code.isupper()
    # A number too short to be read has no country in its formats, though its first digits may name one.
    assert found.region_code in (phone.region(number), phone.UNKNOWN_REGION)


@pytest.mark.parametrize("number", EXAMPLES)
def test_real_numbers_keep_all_their_digits_in_every_format(number):
    found = phone.formats(number)
    assert phone.digits_of(found.international) == phone.digits_of(found.rfc3966) == number[1:]


@pytest.mark.parametrize("number", EXAMPLES)
def test_the_region_is_the_librarys_own_for_real_numbers(number):
    parsed = phonenumbers.parse(number, None)
    assert phone.region(number) == phonenumbers.region_code_for_number(parsed)


@pytest.mark.parametrize(("number", "region"), [("+14165550100", "CA"), ("+18765550100", "JM"), ("+14155550100", "US")])
def test_north_america_is_told_apart_by_area_code(number, region):
    assert phone.region(number) == region


@pytest.mark.parametrize("number", ["+882161234567", "+80012345678", "+999123456", "+2101234567"])
def test_numbers_of_no_country_are_zz(number):
    assert phone.region(number) == phone.UNKNOWN_REGION


def test_only_ascii_digits_are_searched_for():
    assert phone.digits_of("(415) 555-\u0661x01") == "41555501"
