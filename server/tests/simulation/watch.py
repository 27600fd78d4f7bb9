"""What must hold at every moment, watched as each transaction commits."""

from collections.abc import Callable, Sequence

from sent_server.messages.lifecycle import ENDED, RANK
from simulation.scheduler import Process, VirtualLoop
from simulation.storage import Change
from simulation.trace import Trace

ANSWERS = frozenset({"SENT", "REJECTED", "UNKNOWN", "LATER"})


class Watch:
    """Statuses move forward within a round; nothing is released before its time; only who claimed a job or a delivery
    last writes what became of it (the fence); a leg that ends moves its message on at that moment: no timeout ends a
    leg that had a receipt; and no event overtakes another of its message."""

    def __init__(self, loop: VirtualLoop, trace: Trace, clock_of: Callable[[Process], int]) -> None:
        """`clock_of` is the latest time that a process has seen."""
        self.wrong: list[str] = []
        self.statuses: dict[str, list[str]] = {}
        self._clock_of = clock_of
        self._round: dict[str, int] = {}
        self._leg: dict[str, int] = {}
        self._claimed: dict[str, Process] = {}
        self._leased: dict[str, Process] = {}
        self._subject: dict[str, tuple[int, str]] = {}
        self._last: dict[tuple[str | None, str], int] = {}
        self._loop = loop
        self._trace = trace

    def __call__(self, process: Process, changes: Sequence[Change]) -> None:
        self._look_at_legs(changes)
        for what, id, old, new, fence in changes:
            self._trace.note(self._loop.now_ms, process.name, f"{what} {id} {old} -> {new} {fence or ''}")
            match what:
                case "message":
                    self._message(id, old, new, fence or 1)
                case "released" if fence is not None:
                    self._trace.count("schedule: released")
                    if self._clock_of(process) < fence:
                        self.wrong.append(f"{process.name} released {id} before its time")
                case "claim":
                    self._claimed[id] = process
                case "attempt" if new in ANSWERS and old in (None, "SUBMITTING", "UNKNOWN", "LATER"):
                    message_id = id.rsplit("-", 2)[0]
                    if self._claimed.get(message_id) is not process:
                        self.wrong.append(f"{process.name} wrote {old} -> {new} of {id}, which it had lost")
                case "lease":
                    self._leased[id] = process
                case "event":
                    self._subject[id] = (len(self._subject), new or "")
                case "delivery":
                    self._delivery(id, old)
                case "tried" if self._leased.get(id) is not process:
                    self.wrong.append(f"{process.name} recorded delivery {id}, which it had lost")
                case _:
                    self._count(what, old, new)

    def _look_at_legs(self, changes: Sequence[Change]) -> None:
        """Before `statuses` has these changes."""
        ended: set[str] = set()
        moved_on: set[str] = set()
        expired: set[str] = set()
        for what, id, old, new, _ in changes:
            match what:
                case "attempt":
                    message_id, leg, _ = id.rsplit("-", 2)
                    if old is None:
                        self._leg[message_id] = int(leg)
                    elif new == "FAILED" and old != "FAILED" and self._leg[message_id] == int(leg):
                        ended.add(message_id)
                case "job" if old == "receipt_timeout" and (new is None or new.startswith("dispatch:")):
                    expired.add(id)
                    moved_on.add(id)
                case "job" if (
                    old and new and old != new and old.startswith("dispatch:") and new.startswith("dispatch:")
                ):
                    moved_on.add(id)  # a deferred leg that may not be sent any more
                case "message" if new in ENDED:
                    moved_on.add(id)
                case _:
                    pass
        for id in ended - moved_on:
            if self.statuses[id][-1] not in ENDED:
                self.wrong.append(f"a leg of {id} ended, and nothing followed")
        reached = {id for what, id, _, new, _ in changes if what == "message" and new in ("DELIVERED", "READ")}
        for id in expired - ended - reached:
            if self.statuses[id][-1] not in ENDED:
                self.wrong.append(f"{id} moved on although its leg had ended before: it waited for nothing")

    def _message(self, id: str, old: str | None, new: str | None, round: int) -> None:
        assert new is not None
        self.statuses.setdefault(id, []).append(new)
        begins = round > self._round.get(id, 1)
        self._round[id] = round
        if old is not None and not begins and RANK[new] <= RANK[old]:
            self.wrong.append(f"message {id} went back from {old} to {new}")

    def _delivery(self, event_id: str, endpoint_id: str | None) -> None:
        """However large a fan-out is, an endpoint's deliveries of a message are written in the order of its events."""
        number, subject_id = self._subject[event_id]
        key = (endpoint_id, subject_id)
        if self._last.get(key, -1) >= number:
            self.wrong.append(f"event {event_id} of {subject_id} was overtaken, or has two deliveries for an endpoint")
        self._last[key] = number

    def _count(self, what: str, old: str | None, new: str | None) -> None:
        if what == "parked" and str(new) == "1":
            self._trace.count("webhook: parked")
        if what == "fan_out":
            self._trace.count("webhook: written later")
        if what == "webhook" and new and not old:
            self._trace.count("webhook: disabled")
        if what == "job" and old == "receipt_timeout" and new and new.startswith("dispatch:"):
            self._trace.count("engine: fallback")
