"""Identifiers: time-ordered row ids, request ids, and the strict reading of ids that clients send."""

import os
import random
import re
import secrets
import struct
import uuid

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", re.ASCII)
BUFFER_BYTES = 4_096


class _System:
    """Random bits from the operating system, read a page at a time.

    Request ids are public, so nobody may predict other ids from them.
    """

    __slots__ = ("_words",)

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._words = struct.iter_unpack("<Q", b"")

    def getrandbits(self, count: int) -> int:
        """At most 128 bits. Taking a word from the iterator is atomic, so two threads never get the same one."""
        bits = self._word()
        if count > 64:
            bits |= self._word() << 64
        return bits & ((1 << count) - 1)

    def _word(self) -> int:
        while True:
            for (word,) in self._words:
                return word
            self._words = struct.iter_unpack("<Q", os.urandom(BUFFER_BYTES))


_system = _System()
_random: _System | random.Random = _system
# A forked process must not use the rest of its parent's page.
os.register_at_fork(after_in_child=_system.forget)


class _Tail:
    """The 74 bits after the milliseconds: random at first, then increasing in random steps."""

    __slots__ = ("_bits", "_ms")

    def __init__(self) -> None:
        self._ms = self._bits = 0

    def forget(self) -> None:
        self._ms = self._bits = 0

    def next(self, now_ms: int) -> int:
        if now_ms != self._ms:
            self._ms = now_ms
            self._bits = _random.getrandbits(73)  # leaves room to count
        else:
            self._bits += 1 + _random.getrandbits(40)
        return self._bits


_tail = _Tail()


def new_id(now_ms: int) -> str:
    """Make a UUIDv7. Later ids of one process sort later, also within a millisecond. Source: RFC 9562, 5.7, 6.2."""
    bits = _tail.next(now_ms)
    tail = f"{(bits & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000:016x}"
    head = f"{now_ms:012x}"
    return f"{head[:8]}-{head[8:]}-7{bits >> 62:03x}-{tail[:4]}-{tail[4:]}"


def shifted(row_id: str, by: int) -> str:
    """The id that is `by` steps further. Ids shifted by the same number keep their order."""
    return str(uuid.UUID(int=uuid.UUID(row_id).int + by))


def after(row_id: str) -> str:
    """Make an id that sorts shortly after another one, whatever the time is."""
    return shifted(row_id, 1 + _random.getrandbits(40))


def first_at(at_ms: int) -> str:
    """The lowest id of that millisecond: every id that `new_id` makes from then on is higher."""
    head = f"{at_ms:012x}"
    return f"{head[:8]}-{head[8:]}-7000-8000-000000000000"


def made_at_ms(row_id: str) -> int:
    """The time from which `new_id` made this id."""
    return int(row_id[:8] + row_id[9:13], 16)


def new_holder() -> str:
    """16 letters or digits that name one process; unique, not secret."""
    return f"{_random.getrandbits(64):016x}"


def seed(number: int) -> None:
    """Make all following ids repeatable, for simulations. Never use it where two processes share ids."""
    global _random
    _random = random.Random(number)
    _tail.forget()


def new_request_id() -> str:
    """`req_` and 20 letters or digits."""
    return f"req_{_random.getrandbits(80):020x}"


def new_api_key() -> str:
    """A secret in the documented key form, a random UUID."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def uuid_pattern() -> str:
    """What `parse_uuid` accepts, as a regex that other engines read."""
    return f"^{_UUID.pattern}$"


def parse_uuid(text: str) -> str | None:
    """Lower-case the hyphenated form; None for every other spelling (urn:, braces, other digits)."""
    return text.lower() if _UUID.fullmatch(text) else None
