"""The syntax of tenants' regular expressions: text to tree. Pure. `patterns` describes the supported subset."""

from collections.abc import Callable, Sequence

from sent_server.kernel.values import value_object

START, END = "start", "end"
_MAX_REPEAT = 256
_MAX_DEPTH = 20

Accepts = Callable[[str], bool]


class PatternError(ValueError):
    """The reason for refusing a pattern, for its author."""


@value_object
class Repeat:
    item: "Item"
    low: int
    high: int | None


@value_object
class Choice:
    options: Sequence["Item"]


# A syntax tree: a character test, an anchor, a sequence, a choice or a repetition.
Item = Accepts | str | list["Item"] | Choice | Repeat


def parse(text: str) -> Item:
    """Raises PatternError."""
    return _Parser(text).parse()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_CLASSES: dict[str, Accepts] = {
    "d": str.isdecimal,
    "D": lambda character: not character.isdecimal(),
    "w": _is_word,
    "W": lambda character: not _is_word(character),
    "s": str.isspace,
    "S": lambda character: not character.isspace(),
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}


class _Parser:
    """Recursive descent over the pattern's text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self) -> Item:
        item = self._choice(0)
        if self._at < len(self._text):
            raise PatternError("the regex closes a group that it did not open")
        return item

    def _choice(self, depth: int) -> Item:
        if depth > _MAX_DEPTH:
            raise PatternError("the regex nests its groups too deeply")
        options = [self._sequence(depth)]
        while self._take("|"):
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Choice(options)

    def _sequence(self, depth: int) -> Item:
        items: list[Item] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            items.append(self._repeated(self._atom(depth)))
        return items

    def _repeated(self, item: Item) -> Item:
        bounds = self._bounds()
        if bounds is None:
            return item
        if isinstance(item, str):
            raise PatternError("the regex repeats ^ or $")
        self._take("?")  # a lazy repetition accepts the same values
        if self._peek() in ("*", "+", "?") or self._at_bounds():
            raise PatternError("the regex repeats a repetition; put it into a group")
        return Repeat(item, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        match self._peek():
            case "*":
                bounds = (0, None)
            case "+":
                bounds = (1, None)
            case "?":
                bounds = (0, 1)
            case "{" if self._at_bounds():
                return self._counted()
            case _:
                return None
        self._at += 1
        return bounds

    def _at_bounds(self) -> bool:
        """Whether a `{m,n}` begins here. Any other brace is a literal."""
        if self._peek() != "{":
            return False
        inside, closed, _ = self._text[self._at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        digits = f"{low}{high}"
        return bool(
            closed and low and digits.isascii() and digits.isdigit() and len(digits) <= 10 and comma in (",", "")
        )

    def _counted(self) -> tuple[int, int | None]:
        inside, _, _ = self._text[self._at + 1 :].partition("}")
        self._at += len(inside) + 2
        low_text, comma, high_text = inside.partition(",")
        low = int(low_text)
        high = int(high_text) if high_text else None if comma else low
        if low > _MAX_REPEAT or (high or 0) > _MAX_REPEAT:
            raise PatternError(f"the regex repeats more than {_MAX_REPEAT} times")
        if high is not None and high < low:
            raise PatternError("the regex has a repetition whose bounds are the wrong way round")
        return low, high

    def _atom(self, depth: int) -> Item:
        character = self._next()
        match character:
            case "(":
                return self._group(depth)
            case "[":
                return self._class()
            case ".":
                return lambda found: found != "\n"
            case "^":
                return START
            case "$":
                return END
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                raise PatternError("the regex repeats nothing")
            case _:
                return character.__eq__

    def _group(self, depth: int) -> Item:
        if self._take("?") and not self._take(":"):
            raise PatternError("the regex uses look-around, named groups or flags, which are not supported")
        item = self._choice(depth + 1)
        if not self._take(")"):
            raise PatternError("the regex does not close a group")
        return [item]

    def _escape(self) -> Accepts:
        character = self._next()
        if character in _CLASSES:
            return _CLASSES[character]
        return self._literal(character).__eq__

    def _literal(self, escaped: str) -> str:
        if escaped in _CONTROLS:
            return _CONTROLS[escaped]
        if escaped.isalnum():
            raise PatternError(f"the regex uses \\{escaped}, which is not supported")
        return escaped

    def _class(self) -> Accepts:
        negated = self._take("^")
        tests: list[Accepts] = []
        singles: set[str] = set()
        first = True
        while first or self._peek() != "]":
            first = False
            low = self._class_member()
            if not isinstance(low, str):
                tests.append(low)
            elif self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                high = self._class_member()
                if not isinstance(high, str) or high < low:
                    raise PatternError("the regex has a range that ends before it begins")
                tests.append(_between(low, high))
            else:
                singles.add(low)
        self._at += 1
        tests.append(singles.__contains__)
        return lambda found: any(test(found) for test in tests) is not negated

    def _class_member(self) -> Accepts | str:
        character = self._next()
        if character != "\\":
            return character
        escaped = self._next()
        return _CLASSES[escaped] if escaped in _CLASSES else self._literal(escaped)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, character: str) -> bool:
        if self._peek() != character:
            return False
        self._at += 1
        return True

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise PatternError("the regex ends in the middle")
        self._at += 1
        return self._text[self._at - 1]


def _between(low: str, high: str) -> Accepts:
    return lambda found: low <= found <= high
