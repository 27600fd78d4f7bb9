"""Which spellings are one line: what networks and habits respell, and what only looks like it."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import phone, spellings

E164 = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True, alphabet="+0123456789")
RESPELT = st.one_of(
    st.from_regex(r"\+521?[0-9]{10}", fullmatch=True, alphabet="+0123456789"),
    st.from_regex(r"\+540?9?[0-9]{10}", fullmatch=True, alphabet="+0123456789"),
    st.from_regex(r"\+550?[1-9]{2}9?[0-9]{8}", fullmatch=True, alphabet="+0123456789"),
    st.from_regex(r"\+(44|49|33|81|36|380|972)0{0,2}[0-9]{7,9}", fullmatch=True, alphabet="+0123456789"),
)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("+525587654321", "+5215587654321"),
        ("+5491123456789", "+541123456789"),
        ("+5492211234567", "+542211234567"),
        ("+5511987654321", "+551187654321"),
        ("+5521998765432", "+552198765432"),
        ("+441632960777", "+4401632960777"),
        ("+442079460123", "+4402079460123"),
        ("+4915112345678", "+49015112345678"),
        ("+493012345678", "+4903012345678"),
        ("+33612345678", "+330612345678"),
        ("+819012345678", "+8109012345678"),
        ("+61412345678", "+610412345678"),
        ("+36301234567", "+3606301234567"),
        ("+380671234567", "+3800671234567"),
        ("+5511987654321", "+55011987654321"),
        ("+551187654321", "+55011987654321"),
        ("+5491123456789", "+5401123456789"),
        ("+551132345678", "+5501132345678"),  # a landline has a trunk zero, too
    ],
)
def test_two_spellings_of_one_line(one: str, another: str) -> None:
    assert another in spellings.others(one)
    assert one in spellings.others(another)
    assert spellings.canonical(one) == spellings.canonical(another)
    assert spellings.distinct([another, one, another]) == (another,)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("+390612345678", "+39612345678"),  # Italy: the zero belongs to the number
        ("+37805498861234", "+3785498861234"),  # San Marino
        ("+390669812345", "+39669812345"),  # the Vatican
        ("+22501234567", "+2251234567"),
        ("+22507123456", "+2250707123456"),  # Ivory Coast, before and after 2021
        ("+22501234567", "+2250101234567"),
        ("+24101234567", "+2411234567"),  # Gabon
        ("+242061234567", "+24261234567"),  # Congo
        ("+551132345678", "+5511932345678"),  # Brazil: a landline, and a mobile
        ("+551122345678", "+5511922345678"),
        ("+525512345678", "+5255123456781"),
        ("+12025550123", "+112025550123"),
        ("+79161234567", "+789161234567"),
        ("+5215587654321", "+5211558765432"),
        ("+44001632960777", "+4401632960777"),
    ],
)
def test_two_numbers_that_are_two_lines(one: str, another: str) -> None:
    assert another not in spellings.others(one)
    assert one not in spellings.others(another)
    assert spellings.distinct([one, another]) == (one, another)


@pytest.mark.parametrize("number", ["+1234567890", "+14155550100", "+40404040", "+999123456789", "+80012345678"])
def test_most_numbers_have_one_spelling_or_none_that_is_shorter(number: str) -> None:
    assert all(len(other) > len(number) for other in spellings.others(number))
    assert spellings.canonical(number) == number


@given(st.one_of(E164, RESPELT))
def test_spellings_are_a_class_of_their_own(number: str) -> None:
    line = {number, *spellings.others(number)}
    assert len(line) == 1 + len(spellings.others(number))
    for spelling in line:
        assert phone.is_e164(spelling)
        assert {spelling, *spellings.others(spelling)} == line
        assert spellings.canonical(spelling) == spellings.canonical(number)
    assert spellings.canonical(number) in line


@pytest.mark.parametrize(
    "text",
    ["", "+", "nonsense", "%", "+4", "+44", "+44abcdefghij", "+52x", "44", "+\u0664\u0664", "+520000000000000000"],
)
def test_what_is_no_number_has_no_other_spelling(text: str) -> None:
    assert spellings.others(text) == ()
    assert spellings.canonical(text) == text


@given(st.text(max_size=20))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    assert spellings.others(f"+{text}") == () or phone.is_e164(f"+{text}")


def test_no_country_has_two_lines_in_one_class() -> None:
    """Of all example numbers of all countries; the library knows none that is valid in two spellings, mobiles apart."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None or example.country_code in (52, 54, 55):
                continue
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            for other in spellings.others(number):
                # The library takes the zero away by itself: to it, too, both are the same number.
                assert phonenumbers.parse(other).national_number == example.national_number, (number, other)
                assert other.startswith(f"+{example.country_code}0"), (number, other)
