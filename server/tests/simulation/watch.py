"""What must hold at every moment, watched as each transaction commits."""

from collections.abc import Sequence

from sent_server.messages.lifecycle import RANK
from simulation.scheduler import Process, VirtualLoop
from simulation.storage import Change
from simulation.trace import Trace

ANSWERS = frozenset({"SENT", "REJECTED", "UNKNOWN", "LATER"})


class Watch:
    """Statuses move forward; and only who claimed a job or a delivery last writes what became of it (the fence)."""

    def __init__(self, loop: VirtualLoop, trace: Trace) -> None:
        self.wrong: list[str] = []
        self.statuses: dict[str, list[str]] = {}
        self._claimed: dict[str, Process] = {}
        self._leased: dict[str, Process] = {}
        self._loop = loop
        self._trace = trace

    def __call__(self, process: Process, changes: Sequence[Change]) -> None:
        for what, id, old, new, fence in changes:
            self._trace.note(self._loop.now_ms, process.name, f"{what} {id} {old} -> {new} {fence or ''}")
            match what:
                case "message":
                    self._message(id, old, new)
                case "claim":
                    self._claimed[id] = process
                case "attempt" if new in ANSWERS and old in (None, "SUBMITTING", "UNKNOWN", "LATER"):
                    message_id = id.rsplit("-", 2)[0]
                    if self._claimed.get(message_id) is not process:
                        self.wrong.append(f"{process.name} wrote {old} -> {new} of {id}, which it had lost")
                case "lease":
                    self._leased[id] = process
                case "tried" if self._leased.get(id) is not process:
                    self.wrong.append(f"{process.name} recorded delivery {id}, which it had lost")
                case _:
                    self._count(what, old, new)

    def _message(self, id: str, old: str | None, new: str | None) -> None:
        assert new is not None
        self.statuses.setdefault(id, []).append(new)
        if old is not None and RANK[new] <= RANK[old]:
            self.wrong.append(f"message {id} went back from {old} to {new}")

    def _count(self, what: str, old: str | None, new: str | None) -> None:
        if what == "parked" and str(new) == "1":
            self._trace.count("webhook: parked")
        if what == "webhook" and new and not old:
            self._trace.count("webhook: disabled")
        if what == "job" and old == "receipt_timeout" and new and new.startswith("dispatch:"):
            self._trace.count("engine: fallback")
