"""What a rendered text may measure on each channel."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.carriers import limits
from sent_server.kernel import segments

ACCENT = "\u0301"  # combines with the letter before it, and is a character of its own
EMOJI = "\U0001f600"  # two UTF-16 units

# Texts that fill exactly so many parts: one character more does not fit. (text of one part, text of n > 1 parts)
FILLING = {
    "GSM-7": (160 * "a", lambda parts: 153 * parts * "a"),
    "GSM-7 extension": (80 * "€", lambda parts: 76 * parts * "€"),
    "UCS-2": (70 * "ж", lambda parts: 67 * parts * "ж"),
    "surrogate pairs": (35 * EMOJI, lambda parts: 33 * parts * EMOJI),
    "combining accents": (35 * f"e{ACCENT}", lambda parts: 67 * parts // 2 * f"e{ACCENT}" + 67 * parts % 2 * "ж"),
}


@pytest.mark.parametrize("parts", [1, 2, 10, 255])
@pytest.mark.parametrize("kind", FILLING)
def test_an_sms_may_fill_its_last_part_and_no_character_more(kind: str, parts: int) -> None:
    single, several = FILLING[kind]
    full = single if parts == 1 else several(parts)
    assert segments.count(full).segments == parts
    assert limits.text_problem("sms", full, parts) is None
    problem = limits.text_problem("sms", full + full[0], parts)
    assert problem is not None
    assert f"at most {parts} " in problem


def test_the_problem_of_an_sms_names_what_was_measured() -> None:
    assert limits.text_problem("sms", 671 * "ж", 10) == (
        "the text on SMS has 671 UCS-2 units and takes 11 segments, at most 10 are allowed"
    )
    assert limits.text_problem("sms", 40_960 * EMOJI, 10) == (
        "the text on SMS has 40,960 characters and takes at least 268 segments, at most 10 are allowed"
    )
    assert limits.text_problem("sms", "a" * 161, 1) == (
        "the text on SMS has 161 characters and takes at least 2 segments, at most 1 is allowed"
    )


@pytest.mark.parametrize(("channel", "most"), [("whatsapp", 4_096), ("rcs", 3_072)])
@pytest.mark.parametrize("character", ["a", "ж", EMOJI, ACCENT])
def test_free_text_is_counted_in_code_points(channel: str, most: int, character: str) -> None:
    assert limits.text_problem(channel, most * character, 10) is None
    problem = limits.text_problem(channel, (most + 1) * character, 10)
    assert problem is not None
    assert f"has {most + 1:,} characters, at most {most:,} are allowed" in problem


@given(st.text(st.sampled_from(f"a€ж{EMOJI}{ACCENT}"), max_size=400), st.integers(0, 5), st.integers(1, 255))
def test_a_text_passes_exactly_when_its_parts_do(text: str, repeated: int, parts: int) -> None:
    text = text * repeated
    fits = segments.count(text).segments <= parts
    assert (limits.text_problem("sms", text, parts) is None) == fits


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Ada Lovelace", None),
        ("a    b", None),
        ("a     b", "has more than 4 blanks in a row"),
        ("a\u00a0\u00a0 \u3000 b", "has more than 4 blanks in a row"),
        ("a\nb", "has a line break"),
        ("a\r\nb", "has a line break"),
        ("a\u2028b", "has a line break"),
        ("b\n", "has a line break"),
        ("a\tb", "has a tab"),
        ("", "is blank"),
        ("\u200b", "is blank"),
        ("\u2060 \u00ad", "is blank"),
        ("\u3164", "is blank"),
        ("\u2800", "is blank"),
        ("   ", "is blank"),
        ("\n", "is blank"),
    ],
)
def test_whatsapp_is_particular_about_values(value: str, problem: str | None) -> None:
    assert limits.value_problem(value) == problem


@given(st.text(st.sampled_from("ab \t\n\r\x0b\x0c\x85\u00a0\u2028\u3000"), max_size=12))
def test_values_that_pass_are_one_line_without_gaps(value: str) -> None:
    if limits.value_problem(value) is None:
        assert len(value.splitlines()) == 1
        assert "\t" not in value
        assert " " * 5 not in value
        assert value.strip()
