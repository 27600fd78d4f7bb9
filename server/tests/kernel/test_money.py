"""Money: whole micros inside, documented spellings outside."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import money

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0.0000"), (45_000, "0.0450"), (49, "0.0000"), (50, "0.0001"), (-45_000, "-0.0450"), (-49, "0.0000")],
)
def test_the_activity_log_shows_four_decimals_rounded_half_up(micros, text):
    assert money.to_text(micros) == text


@given(AMOUNTS)
def test_the_text_is_what_decimal_arithmetic_says(micros):
    exact = (Decimal(micros) / money.MICROS).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert Decimal(money.to_text(micros)) == exact


@given(AMOUNTS)
def test_the_number_on_the_wire_leads_back_to_the_micros(micros):
    assert round(money.to_number(micros) * money.MICROS) == micros


@given(AMOUNTS)
def test_an_amount_is_read_back_exactly(micros):
    assert money.parse(format(Decimal(micros) / money.MICROS, "f")) == micros


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "nan",
        "inf",
        "-inf",
        "0.0000001",
        "1e12",
        "1,000",
        "1 000 000 000 000",
        "1e3",
        "1_000",
        " 1",
        "1 ",
        "\u0661\u0662",
        "+1",
        ".5",
        "5.",
        "1\n",
        "0x10",
        "1" * 13,
    ],
)
def test_what_is_not_a_plain_amount_of_micros_is_refused(text):
    assert money.parse(text) is None


@pytest.mark.parametrize(("text", "micros"), [("25.50", 25_500_000), ("10000", 10**10), ("0.000001", 1)])
def test_an_operators_amount_is_read(text, micros):
    assert money.parse(text) == micros
