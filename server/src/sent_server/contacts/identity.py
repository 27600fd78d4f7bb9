"""Merges the contacts of one person under several spellings of a number. Pure.

The requested spelling comes first, so that two contacts of one person, which earlier releases could create, remain
separate. An opt-out under one spelling applies to all.
"""

from collections.abc import Container, Iterable, Mapping
from typing import TypeVar

from sent_server.kernel import spellings

T = TypeVar("T")


def all_spellings(numbers: Iterable[str]) -> list[str]:
    """All spellings of these numbers, each once."""
    found: dict[str, None] = {}
    for number in numbers:
        found[number] = None
        for other in spellings.others(number):
            found[other] = None
    return list(found)


def pick(number: str, found: Mapping[str, T]) -> T | None:
    """The entry of this number, or of another spelling of it."""
    if number in found:
        return found[number]
    return next((found[other] for other in spellings.others(number) if other in found), None)


def under_any(numbers: Iterable[str], found: Container[str]) -> set[str]:
    """The numbers that are in `found` in any spelling."""
    return {
        number for number in numbers if number in found or any(other in found for other in spellings.others(number))
    }


def earliest(number: str, times_ms: Mapping[str, int]) -> int | None:
    return min((times_ms[one] for one in (number, *spellings.others(number)) if one in times_ms), default=None)
