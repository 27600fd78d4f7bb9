"""Waiting for something that another process does, and saying what happened instead when it did not.

A failure shows the value seen last and what the servers logged meanwhile: it has to be understood without a second run.
"""

import time
from collections.abc import Callable, Sized
from typing import TypeVar

from harness import server_logs

T = TypeVar("T")
# A wait on a machine that is busy with other tests may take long, and costs a success nothing.
PATIENCE_S = 60.0
SHOWN_ITEMS, SHOWN_CHARACTERS = 3, 600


def wait_for(
    look: Callable[[], T],
    timeout_s: float = 10.0,
    *,
    until: Callable[[T], object] = bool,
    every_s: float = 0.05,
    what: str = "",
    explain: Callable[[T], str] | None = None,
    exactly: bool = False,
) -> T:
    """Call `look` until `until` accepts what it returns, and return that value.

    Fails the test after `timeout_s`, but never before PATIENCE_S, unless that time is what is tested (`exactly`). Let
    `look` return the thing itself and `until` judge it: `lambda: count() == 3` can only report False. `explain` adds to
    the failure what is worth asking about the value seen last.
    """
    timeout_s = timeout_s if exactly else max(timeout_s, PATIENCE_S)
    log_start = server_logs.positions()
    deadline = time.monotonic() + timeout_s
    while True:
        value = look()
        if until(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(
                _report(f"waited {timeout_s:g} s for {what or _name(look)}", value, explain, log_start)
            )
        time.sleep(every_s)


def nothing(found: object) -> bool:
    """For `until=`: the list of what is wrong has become empty."""
    return not found


def at_least(count: int) -> Callable[[Sized], bool]:
    """For `until=`: so many items have arrived."""
    return lambda found: len(found) >= count


def equal_to(wanted: object) -> Callable[[object], bool]:
    """For `until=`: exactly this value."""
    return lambda found: found == wanted


def is_not(unwanted: object) -> Callable[[object], bool]:
    """For `until=`: anything but this value."""
    return lambda found: found != unwanted


def starting_with(prefix: str) -> Callable[[str], bool]:
    """For `until=`: a text that begins so."""
    return lambda found: found.startswith(prefix)


def shown(value: object) -> str:
    """A value as a failure prints it: of a long list its length and first items."""
    if isinstance(value, list | tuple | set | frozenset) and len(value) > SHOWN_ITEMS:
        first = "".join(f"\n  {_cut(repr(item))}" for item in list(value)[:SHOWN_ITEMS])
        return f"{len(value)} items; the first {SHOWN_ITEMS}:{first}"
    return _cut(repr(value))


def _report(failure: str, value: T, explain: Callable[[T], str] | None, log_start: server_logs.Positions) -> str:
    parts = [f"{failure}; last seen: {shown(value)}"]
    if explain:
        parts.append(explain(value))
    parts.append(server_logs.since(log_start))
    return "\n".join(parts)


def _name(look: Callable[[], object]) -> str:
    return f"{look.__qualname__.replace('.<locals>', '')}" if hasattr(look, "__qualname__") else repr(look)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} ... ({len(text)} characters)"
