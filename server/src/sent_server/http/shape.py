"""Limits of a JSON text before it is decoded: nesting, keys per object, elements per list, total values.

A text of 1 MiB may contain half a million values, and each costs more to decode, validate or refuse than its bytes.
The scan takes one step for each structural character and stops at the first limit.
"""

import re

MAX_DEPTH = 32
MAX_KEYS = 1_000
MAX_ELEMENTS = 10_000
MAX_VALUES = 20_000
# The next structural character. All strings before it are skipped at once.
_NEXT = re.compile(r'[^"\[\]{},]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{},]*+)*+([\[\]{},])', re.DOTALL)


def excess(body: bytes, text: str) -> str | None:
    """The exceeded limit as a sentence, or None. `text` is the decoded `body`."""
    opened, commas = body.count(b"[") + body.count(b"{"), body.count(b",")
    if opened <= MAX_DEPTH and commas < MAX_KEYS:
        return None
    return _scan(text)


def _scan(text: str) -> str | None:
    limits: list[int] = []
    counts: list[int] = []
    values = at = 0
    # Anchored, because a search would restart at each character of an unterminated string.
    while found := _NEXT.match(text, at):
        at = found.end()
        match found[1]:
            case ",":
                if not counts:
                    return None  # not JSON; the decoder reports it
                values += 1
                counts[-1] += 1
                if counts[-1] > limits[-1]:
                    return _too_many(limits[-1])
            case "{" | "[" as opening:
                values += 1
                limits.append(MAX_KEYS if opening == "{" else MAX_ELEMENTS)
                counts.append(1)
                if len(counts) > MAX_DEPTH:
                    return f"The body is nested deeper than {MAX_DEPTH} levels"
            case _:
                if not counts:
                    return None
                limits.pop()
                counts.pop()
        if values > MAX_VALUES:
            return f"The body holds more than {MAX_VALUES:,} values"
    return None


def _too_many(limit: int) -> str:
    if limit == MAX_KEYS:
        return f"An object of the body has more than {MAX_KEYS:,} keys"
    return f"A list of the body has more than {MAX_ELEMENTS:,} elements"
