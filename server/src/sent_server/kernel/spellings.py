"""The spellings of one phone line, so that one person has one contact and one consent. Pure.

Networks respell numbers: WhatsApp reports a Mexican mobile as +52 1 ..., an Argentine one with or without the 9, and a
Brazilian one with or without the ninth digit. People also keep the zero that they dial at home: +44 (0) 20 ...
A number has only one spelling where that zero belongs to it (Italy, Ivory Coast, Gabon, ...), or where another line
could have the other spelling (landlines in Brazil). Source: the numbering plans of the library phonenumbers.
"""

import functools
import re
from collections.abc import Iterable

import phonenumbers
from phonenumbers import PhoneMetadata

from sent_server.kernel import phone
from sent_server.kernel.values import value_object

_MEXICO = re.compile(r"1?([2-9][0-9]{9})", re.ASCII)
_ARGENTINA = re.compile(r"9?([1-3][0-9]{9})", re.ASCII)
# Mobile numbers of eight digits began with 6 to 9 and got a leading 9. Landlines begin with 2 to 5 and got none.
_BRAZIL = re.compile(r"([1-9][1-9])9?([6-9][0-9]{7})", re.ASCII)


@value_object
class _Plan:
    """`trunk`: the prefix for calls within the country. `pattern`: the country's numbers. `lengths`: their lengths."""

    code: str
    trunk: str
    lengths: frozenset[int]
    pattern: re.Pattern[str]

    def takes_trunk(self, national: str) -> bool:
        """Whether the number with the trunk prefix can only be another spelling of it."""
        return (
            bool(self.trunk)
            and national[:1] != "0"
            and len(national) in self.lengths
            and self.pattern.fullmatch(self.trunk + national) is None
        )


def others(e164: str) -> tuple[str, ...]:
    """The other spellings of a number, the most likely first. Empty for most countries and for other text."""
    if _plan(e164[1:4]) is None:
        return ()
    return tuple(spelling for spelling in _line(e164) if spelling != e164)


def canonical(e164: str) -> str:
    """One spelling per line, for comparisons. Do not show or dial it."""
    return e164 if _plan(e164[1:4]) is None else _line(e164)[0]


def distinct(numbers: Iterable[str]) -> tuple[str, ...]:
    """Each line once, in the spelling that occurs first."""
    found: dict[str, str] = {}
    for number in numbers:
        found.setdefault(canonical(number), number)
    return tuple(found.values())


@functools.lru_cache(maxsize=20_000)
def _line(e164: str) -> tuple[str, ...]:
    plan = _plan(e164[1:4])
    assert plan is not None
    national = e164[1 + len(plan.code) :]
    if national.startswith(plan.trunk) and plan.takes_trunk(national[len(plan.trunk) :]):
        national = national[len(plan.trunk) :]
    forms = _mobile_forms(plan.code, national)
    forms += [plan.trunk + form for form in forms if plan.takes_trunk(form)]
    line = tuple(spelling for form in forms if phone.is_e164(spelling := f"+{plan.code}{form}"))
    return line if e164 in line else (e164,)


def _mobile_forms(code: str, national: str) -> list[str]:
    match code:
        case "52" if found := _MEXICO.fullmatch(national):
            return [found[1], f"1{found[1]}"]
        case "54" if found := _ARGENTINA.fullmatch(national):
            return [f"9{found[1]}", found[1]]
        case "55" if found := _BRAZIL.fullmatch(national):
            return [f"{found[1]}9{found[2]}", f"{found[1]}{found[2]}"]
        case _:
            return [national]


@functools.lru_cache(maxsize=1_000)
def _plan(first_digits: str) -> _Plan | None:
    """The rules of the country with these digits as calling code, if its numbers can have several spellings."""
    if not (first_digits.isascii() and first_digits.isdigit()):
        return None
    code = next((first_digits[:n] for n in (1, 2, 3) if int(first_digits[:n]) in _REGIONS), None)
    if code is None:
        return None
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), _REGIONS[int(code)][0])
    if metadata is None or metadata.general_desc is None:
        return None
    # Only zeros: a number may begin with the 1 of North America or the 8 of Russia.
    trunk = metadata.national_prefix or ""
    trunk = trunk if trunk.startswith("0") else ""
    if not trunk and code != "52":
        return None
    pattern = metadata.general_desc.national_number_pattern or ""
    return _Plan(code, trunk, frozenset(metadata.general_desc.possible_length), re.compile(pattern, re.ASCII))


_REGIONS = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
