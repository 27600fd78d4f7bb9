"""What happened, in order, and its hash: two runs of a seed are the same when their traces are."""

import hashlib
from collections import Counter
from collections.abc import Sequence


class Trace:
    """Lines of (virtual time, who, what). `counts` says how often each kind of thing happened, faults among them."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str, str]] = []
        self.counts: Counter[str] = Counter()

    def note(self, now_ms: int, who: str, what: str) -> None:
        self.lines.append((now_ms, who, what))

    def count(self, name: str) -> None:
        self.counts[name] += 1

    @property
    def digest(self) -> str:
        sums = hashlib.sha256()
        for line in self.lines:
            sums.update(repr(line).encode())
        return sums.hexdigest()

    def tail(self, about: Sequence[str] = (), *, count: int = 80) -> list[str]:
        """The last lines; with names, only those that mention one of them."""
        chosen = [line for line in self.lines if not about or any(name in line[2] for name in about)]
        return [f"{now_ms / 1000:10.3f}  {who:8}  {what}" for now_ms, who, what in chosen[-count:]]
