"""Placeholders in texts. Pure. Source: contract/NOTES.md c.

Stored texts contain only the documented form, `{{<id>:<type>}}`, whose id names an entry of the part's `variables`.
Two older spellings are converted to it: `{{name}}`, and `{{1}}` for the first variable (from `{{0}}` where that
occurs). If a part lists no variables, placeholders declare them: `{{1}}` becomes a variable with the name `var_1`.
"""

import re
from collections.abc import Callable, Sequence

from sent_server.kernel.values import value_object

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_BY_ID = re.compile(r"([0-9]{1,9}):(variable|link|media)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
_SHOWN = 60
MAX_NAME_LENGTH = 100
# The length of a placeholder for WhatsApp, which numbers them: `{{1}}`.
_COUNTED = 5


@value_object
class Declared:
    """The part of a variable that resolving needs."""

    id: int
    name: str
    type: str


@value_object
class Resolved:
    """`text` is in the documented form. `added` are variables that the text itself declared."""

    text: str
    added: tuple[Declared, ...]
    problems: tuple[str, ...]


def split(text: str) -> list[str | int]:
    """A text in the documented form as literals and the ids between them."""
    parts: list[str | int] = []
    for position, piece in enumerate(_PLACEHOLDER.split(text)):
        if position % 2:
            parts.append(int(piece.partition(":")[0]))
        elif piece:
            parts.append(piece)
    return parts


def used_ids(text: str) -> list[int]:
    return [part for part in split(text) if isinstance(part, int)]


def length(text: str) -> int:
    """The length that limits count: a placeholder in the documented form counts as `{{1}}`.

    So a client can send back a text that became longer when we converted its placeholders.
    """
    return len(text) - sum(
        len(inside) + 4 - _COUNTED for inside in _PLACEHOLDER.findall(text) if _BY_ID.fullmatch(inside)
    )


def plain(text: str) -> str:
    """The literals, with a blank for each placeholder."""
    return _PLACEHOLDER.sub(" ", text)


def resolve(text: str, declared: Sequence[Declared]) -> Resolved:
    """Convert every placeholder to the documented form. Problems name placeholders without a variable."""
    rest = _PLACEHOLDER.sub("", text)
    problems = ["A '{{' or '}}' does not belong to a placeholder"] if "{{" in rest or "}}" in rest else []
    written = [piece.strip() for piece in _PLACEHOLDER.findall(text)]
    look_up = _by_declaration(declared, from_zero="0" in written) if declared else _declaring()
    found: dict[str, Declared] = {}
    for inside in dict.fromkeys(written):
        variable = look_up(inside)
        if isinstance(variable, str):
            problems.append(variable)
        else:
            found[inside] = variable

    def rewrite(match: re.Match[str]) -> str:
        variable = found.get(match.group(1).strip())
        return f"{{{{{variable.id}:{variable.type}}}}}" if variable else match.group(0)

    added = () if declared else tuple(dict.fromkeys(found.values()))
    return Resolved(_PLACEHOLDER.sub(rewrite, text), added, tuple(problems))


# The content of a placeholder -> its variable, or the problem with it.
_LookUp = Callable[[str], Declared | str]


def _by_declaration(declared: Sequence[Declared], *, from_zero: bool) -> _LookUp:
    by_id = {variable.id: variable for variable in declared}
    by_name = {variable.name: variable for variable in declared}

    def look_up(inside: str) -> Declared | str:
        if match := _BY_ID.fullmatch(inside):
            variable = by_id.get(int(match.group(1)))
        elif _NUMBER.fullmatch(inside):
            position = int(inside) - (0 if from_zero else 1)
            variable = declared[position] if 0 <= position < len(declared) else None
        else:
            variable = by_name.get(inside)
        return variable or _unknown(inside)

    return look_up


def _declaring() -> _LookUp:
    names: dict[str, int] = {}

    def look_up(inside: str) -> Declared | str:
        name = f"var_{int(inside)}" if _NUMBER.fullmatch(inside) else inside
        if not NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
            return _unknown(inside)
        return Declared(names.setdefault(name, len(names)), name, "variable")

    return look_up


def _unknown(inside: str) -> str:
    return f"Placeholder {{{{{inside[:_SHOWN]}}}}} has no entry in 'variables'"
