"""What the servers of this process of tests wrote to standard error, so that a failure can show the last lines."""

import threading
import weakref
from collections import deque
from collections.abc import Mapping

KEPT_LINES = 2_000
SHOWN_LINES = 15
Positions = Mapping["ServerLog", int]


class ServerLog(deque[bytes]):
    """The last lines of one process; `written` counts all that there ever were."""

    def __init__(self, name: str) -> None:
        super().__init__(maxlen=KEPT_LINES)
        self.name = name
        self.written = 0
        with _lock:
            _logs.add(self)

    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType] - a deque has none

    def append(self, line: bytes, /) -> None:
        super().append(line)
        self.written += 1

    @property
    def text(self) -> str:
        return _text(list(self))


def positions() -> Positions:
    """How much each log has now; what comes later is `since` then."""
    return {log: log.written for log in _all()}


def since(start: Positions) -> str:
    """The last lines that each server wrote after `start`."""
    parts: list[str] = []
    for log in _all():
        new = log.written - start.get(log, 0)
        if new > 0:
            lines = list(log)[-min(new, SHOWN_LINES) :]
            parts.append(f"last {len(lines)} of {new} log lines of {log.name} since then:\n{_text(lines)}")
    return "\n".join(parts) or "no server logged anything since then"


def _all() -> list[ServerLog]:
    with _lock:
        return sorted(_logs, key=lambda log: log.name)


def _text(lines: list[bytes]) -> str:
    return b"".join(lines).decode(errors="replace").rstrip("\n")


_lock = threading.Lock()
_logs: weakref.WeakSet[ServerLog] = weakref.WeakSet()
