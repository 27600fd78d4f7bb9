"""How large a JSON text is, before anything is made of it: nesting, keys per object, elements per list, values in all.

A text of a mebibyte may stand for half a million values, and each costs more to decode, validate or refuse than its
bytes. The scan costs one step for each structural character and stops at the first limit.
"""

import re

MAX_DEPTH = 32
MAX_KEYS = 1_000
MAX_ELEMENTS = 10_000
MAX_VALUES = 20_000
# The next character that opens, closes or separates, with all the strings before it skipped at once.
_NEXT = re.compile(r'[^"\[\]{},]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{},]*+)*+([\[\]{},])', re.DOTALL)


def excess(body: bytes, text: str) -> str | None:
    """What the text has too much of, as a sentence; None when it may be decoded. `text` is the decoded `body`."""
    opened, commas = body.count(b"[") + body.count(b"{"), body.count(b",")
    if opened <= MAX_DEPTH and commas < MAX_KEYS:
        return None
    return _scan(text)


def _scan(text: str) -> str | None:
    limits: list[int] = []
    counts: list[int] = []
    values = at = 0
    # Anchored: a search would begin again at each character of a string that never ends.
    while found := _NEXT.match(text, at):
        at = found.end()
        match found[1]:
            case ",":
                if not counts:
                    return None  # no JSON; the decoder says so
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
