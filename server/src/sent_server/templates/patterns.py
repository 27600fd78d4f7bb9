"""Matches tenants' regular expressions in time linear in the value, so that no value can hang the process.

Python's engine backtracks, and no analysis of a pattern predicts reliably whether its time explodes. So this is a
separate matcher for the core of regular expressions: literals, `.`, classes, `\\d \\w \\s` and their opposites, groups,
`|`, `?`, `*`, `+`, `{m,n}`, `^`, `$`. Backreferences, look-around, `\\b` and flags are refused. As with most engines a
pattern may match anywhere in the value; `^` and `$` tie it to the ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sent_server.kernel.values import value_object
from sent_server.templates import pattern_syntax
from sent_server.templates.pattern_syntax import END, START, Accepts, Choice, Item, PatternError, Repeat

MAX_LENGTH = 200
MAX_NODES = 500
MAX_VALUE_LENGTH = 256
# Repeating nothing adds no nodes, so that ((){256}){256} compiles quickly.
_MAX_STEPS = 20 * MAX_NODES
_MATCH = 0


@dataclass(slots=True)
class _Node:
    """A node of the automaton: it consumes a character, is an anchor, or is an empty transition. _MATCH is the end."""

    accepts: Accepts | None = None
    anchor: str | None = None
    targets: list[int] = field(default_factory=list[int])


@value_object
class UnreadablePattern:
    """A stored pattern that is invalid by current rules. No value can be compared with it."""

    text: str
    problem: str


def load(text: str) -> "Pattern | UnreadablePattern":
    """A stored pattern. Never raises, so that a template stays readable if the rules change."""
    try:
        return Pattern(text, is_stored=True)
    except PatternError as error:
        return UnreadablePattern(text, str(error))


class Pattern:
    """A compiled pattern. `cost` is the number of its nodes, each visited at most once per character."""

    __slots__ = ("_entry", "_is_stored", "_nodes", "_steps", "text")

    def __init__(self, text: str, *, is_stored: bool = False) -> None:
        """Raises PatternError. A stored pattern met the limits of its time, so the current ones do not apply to it."""
        if len(text) > MAX_LENGTH and not is_stored:
            raise PatternError(f"a regex may have at most {MAX_LENGTH} characters")
        self.text = text
        self._is_stored = is_stored
        self._steps = 0
        self._nodes = [_Node()]
        self._entry = self._add(pattern_syntax.parse(text), _MATCH)

    @property
    def cost(self) -> int:
        return len(self._nodes)

    def matches(self, value: str) -> bool:
        """Whether the value contains a match. False for a value that is too long."""
        if len(value) > MAX_VALUE_LENGTH:
            return False
        reached = self._reach([self._entry], at_start=True)
        for character in value:
            if _MATCH in reached:
                return True
            targets = {self._entry}  # a match may begin anywhere
            for number in reached:
                node = self._nodes[number]
                if node.accepts is not None and node.accepts(character):
                    targets.update(node.targets)
            reached = self._reach(targets)
        return _MATCH in self._reach(reached, at_start=not value, at_end=True)

    def _reach(self, numbers: Iterable[int], *, at_start: bool = False, at_end: bool = False) -> set[int]:
        """All nodes reachable without consuming a character."""
        reached: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            node = self._nodes[number]
            closed = (node.anchor == START and not at_start) or (node.anchor == END and not at_end)
            if node.accepts is None and not closed:
                waiting += node.targets
        return reached

    def _add(self, item: Item, target: int) -> int:
        """Add the nodes of an item that leads to `target`. Returns its first node."""
        self._steps += 1
        if not self._is_stored and (len(self._nodes) > MAX_NODES or self._steps > _MAX_STEPS):
            raise PatternError("the regex is too large; use fewer or smaller repetitions")
        match item:
            case list():
                for part in reversed(item):
                    target = self._add(part, target)
                return target
            case Choice(options):
                return self._node(targets=[self._add(option, target) for option in options])
            case Repeat():
                return self._add_repeat(item, target)
            case str():
                return self._node(anchor=item, targets=[target])
            case _:
                return self._node(accepts=item, targets=[target])

    def _add_repeat(self, repeat: Repeat, target: int) -> int:
        if repeat.high is None:
            loop = self._node(targets=[target])
            self._nodes[loop].targets.append(self._add(repeat.item, loop))
            target = loop
        else:
            end = target
            for _ in range(repeat.high - repeat.low):
                target = self._node(targets=[self._add(repeat.item, target), end])
        for _ in range(repeat.low):
            target = self._add(repeat.item, target)
        return target

    def _node(self, *, accepts: Accepts | None = None, anchor: str | None = None, targets: list[int]) -> int:
        self._nodes.append(_Node(accepts, anchor, targets))
        return len(self._nodes) - 1
