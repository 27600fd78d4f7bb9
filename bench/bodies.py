"""The requests that benchmarks send: phone numbers that exist nowhere by default, and bodies around them."""

import json
from collections.abc import Sequence
from typing import Any

# +1 415 2xx xxxx upwards: a million numbers before the first one that a simulated handset treats specially.
KNOWN_FROM = 4_152_000_000
NEW_FROM = 2_122_000_000
NEW_PER_AREA = 3_000_000


def known_phones(count: int) -> list[str]:
    """Always the same ones, so that a warmed-up server has met them."""
    return [f"+1{KNOWN_FROM + number}" for number in range(count)]


class NewPhones:
    """Numbers that this run has not used yet."""

    def __init__(self) -> None:
        self._used = 0

    def take(self, count: int) -> list[str]:
        first = self._used
        self._used += count
        if self._used > NEW_PER_AREA:
            raise ValueError("out of new numbers")
        return [f"+1{NEW_FROM + number}" for number in range(first, self._used)]


def send(phones: Sequence[str], template_id: str, *, channel: str | None = None) -> str:
    """The body of `POST /v3/messages`; no channel means that the platform chooses."""
    body: dict[str, Any] = {
        "to": phones,
        "template": {"id": template_id, "parameters": {"name": "Maria", "code": "123456"}},
    }
    if channel:
        body["channel"] = [channel]
    return json.dumps(body)


def portions(phones: Sequence[str], size: int) -> list[Sequence[str]]:
    return [phones[at : at + size] for at in range(0, len(phones) - size + 1, size)]
