"""Money is an integer number of micros (1 USD = 1,000,000). Floats appear on the wire only."""

import re
from decimal import Decimal

MICROS = 1_000_000
_PLAIN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?", re.ASCII)


def to_number(micros: int) -> float:
    """The wire's JSON number, e.g. 5500 -> 0.0055."""
    return micros / MICROS


def to_text(micros: int) -> str:
    """Four decimals, as the activity log shows them, rounded half up: 45000 -> "0.0450"."""
    tenths = (abs(micros) + 50) // 100
    sign = "-" if micros < 0 and tenths else ""
    return f"{sign}{tenths // 10_000}.{tenths % 10_000:04d}"


def parse(text: str) -> int | None:
    """Read an operator's amount such as "25.50"; None unless it is a plain decimal of at most 6 places.

    Plain: a sign, ASCII digits and a point. No exponent, blank, underscore or separator of thousands.
    """
    if not _PLAIN.fullmatch(text):
        return None
    return int(Decimal(text) * MICROS)
