"""One measured window: the load, and what the server and everybody else used of the machine meanwhile."""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Protocol

from bench.load import Load, Plan, drive
from bench.processes import Running, machine_busy_s

# Above this share of the machine used by strangers, a figure says more about them.
NOISY = 0.15


class Worker(Protocol):
    """A process, or several, that is no stranger."""

    def cpu_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Window:
    """`noise` is the share of all cores that processes other than ours used; `messages` counts recipients."""

    load: Load
    messages: int
    server_cpu_s: float
    server_mb: float
    server_rss_mb: float
    noise: float

    @property
    def messages_per_s(self) -> float:
        return self.messages / self.load.seconds

    @property
    def cpu_us_per_message(self) -> float:
        """Includes the requests of the warm-up in both, so it is an average of the whole window."""
        return self.server_cpu_s / self.messages * 1e6 if self.messages else 0.0


def measure(server: Running, plan: Plan, *, recipients: int = 1, others: Sequence[Worker] = ()) -> Window:
    """Drive one plan. `others` are processes of ours besides the server, which are no noise."""
    ours: list[Worker] = [server, *others]
    machine_before_s, own_before_s = machine_busy_s(), sum(process.cpu_s() for process in ours)
    server_before_s, children_before_s, start_s = server.cpu_s(), _children_s(), time.monotonic()
    load = drive(plan)
    took_s = time.monotonic() - start_s
    own_s = sum(process.cpu_s() for process in ours) - own_before_s + _children_s() - children_before_s
    strangers_s = max(0.0, machine_busy_s() - machine_before_s - own_s)
    # The server also worked through the warm-up; count its share of the time as if it were even.
    counted = load.seconds / (load.seconds + plan.warm_up_s)
    return Window(
        load=load,
        messages=load.requests * recipients,
        server_cpu_s=(server.cpu_s() - server_before_s) * counted,
        server_mb=server.memory_mb(),
        server_rss_mb=server.memory_mb("VmRSS"),
        noise=strangers_s / (took_s * (os.cpu_count() or 1)),
    )


def _children_s() -> float:
    """The drivers that have ended."""
    times = os.times()
    return times.children_user + times.children_system


@dataclass
class Figure:
    """One line of a report. `met` is None where there is no aim."""

    name: str
    value: str
    ratio: str = ""
    aim: str = ""
    met: bool | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    memory_mb: float | None = None
    cpu_us_per_message: float | None = None
    noise: float = 0.0
    raw: dict[str, Any] = field(default_factory=dict[str, Any])


def of_windows(name: str, windows: Sequence[Window], value: str, **more: Any) -> Figure:
    """A figure from repeated windows: medians, and the worst noise."""
    return Figure(
        name=name,
        value=value,
        p50_ms=median(window.load.p50_ms for window in windows),
        p99_ms=median(window.load.p99_ms for window in windows),
        memory_mb=max(window.server_mb for window in windows),
        cpu_us_per_message=median(window.cpu_us_per_message for window in windows),
        noise=max(window.noise for window in windows),
        raw={"windows": [_raw(window) for window in windows]},
        **more,
    )


def _raw(window: Window) -> dict[str, Any]:
    values = asdict(window)
    del values["load"]["sample"], values["load"]["faults"]
    return values


def cpu_ratio(of: Sequence[Window], against: Sequence[Window]) -> float:
    """How much more CPU one message of `against` costs; what other processes do hardly changes it."""
    own_us = median(window.cpu_us_per_message for window in of)
    return median(window.cpu_us_per_message for window in against) / own_us if own_us else 0.0


def per_s(windows: Sequence[Window]) -> float:
    return median(window.load.per_s for window in windows)


def messages_per_s(windows: Sequence[Window]) -> float:
    return median(window.messages_per_s for window in windows)
