"""One person under several spellings of a number: what was found under each of them, put together. Pure.

The spelling that was asked for comes first, so that two contacts of one person, as earlier releases made them, stay as
they are. An opt-out under one spelling holds for all.
"""

from collections.abc import Container, Iterable, Mapping
from typing import TypeVar

from sent_server.kernel import spellings

T = TypeVar("T")


def all_spellings(numbers: Iterable[str]) -> list[str]:
    """What to look up for these numbers, each once."""
    found: dict[str, None] = {}
    for number in numbers:
        found[number] = None
        for other in spellings.others(number):
            found[other] = None
    return list(found)


def pick(number: str, found: Mapping[str, T]) -> T | None:
    """What is known of this number, else of its person under another spelling."""
    if number in found:
        return found[number]
    return next((found[other] for other in spellings.others(number) if other in found), None)


def under_any(numbers: Iterable[str], found: Container[str]) -> set[str]:
    """Those of the numbers that are among `found` in any spelling."""
    return {
        number for number in numbers if number in found or any(other in found for other in spellings.others(number))
    }


def earliest(number: str, times_ms: Mapping[str, int]) -> int | None:
    return min((times_ms[one] for one in (number, *spellings.others(number)) if one in times_ms), default=None)
