"""The wall clock of every process jumps, back and forth, under load: no storms, nothing lost, order kept. I1, I5.

Timers are times of the wall clock in rows: what was begun while the clock was ahead is due when it gets there again, so
a clock that is set back by an hour delays the work of that moment by an hour. The work is late, and not lost.
"""

import struct
import time
from pathlib import Path

from chaos import audit
from chaos.environment import Environment, Rows
from chaos.options import Options
from chaos.report import Findings
from chaos.traffic import Traffic
from harness import cluster as clusters
from harness.cluster import Process

NAME = "clocks"
INVARIANTS = "I1 I2 I5"
PLANTS = ("pauses_by_wall_clock",)
JUMPS_MS = (3_600_000, 0, -3_600_000, 0)
TICKS_PER_S = 100
# A process that spins takes a whole core; one that works takes a fraction, on these few messages.
STORM_CORES = 0.9


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    stay_s = 4 if options.short else max(8, options.seconds // 2)
    file = environment.folder / f"clock-{environment.plant}"
    file.write_bytes(struct.pack("<q", 0))
    cluster = environment.cluster(CHAOS_CLOCK=str(file))
    api, worker = cluster.api(), cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    urls = [api.base_url or ""]
    storms: list[str] = []
    rows = Rows.of(cluster)
    with Traffic(lambda: urls, account.api_key, template_id, seed=options.seed, pause_s=0.4, threads=2) as traffic:
        time.sleep(2)
        for jump_ms in JUMPS_MS:
            _set(file, jump_ms)
            before_s, began_s = [_cpu_s(one) for one in (api, worker)], time.monotonic()
            answered, left = len(traffic.answered), len(rows.submits())
            time.sleep(stay_s)
            for one, earlier_s in zip((api, worker), before_s, strict=True):
                cores = (_cpu_s(one) - earlier_s) / (time.monotonic() - began_s)
                if cores > STORM_CORES:
                    storms.append(f"{one.role} takes {cores:.2f} cores at {jump_ms / 60_000:+.0f} min")
            if len(traffic.answered) == answered:
                storms.append(f"no send was answered at {jump_ms / 60_000:+.0f} min")
            if len(rows.submits()) == left:
                storms.append(f"no message left at {jump_ms / 60_000:+.0f} min")
        finished = traffic.finish()
    accepted = traffic.accepted
    odd = [f"answered {one.status} {one.code}" for one in traffic.refusals] + traffic.undocumented
    found.add("no storm of timers, messages continue", f"jumps of {_text()}", [*storms, *odd])
    found.require("every send is answered", f"{len(traffic.answered):,} sends", finished, "some never were")
    # What was begun while the clocks were ahead is due only then, so they go there once more.
    _set(file, max(JUMPS_MS))
    audit.settled(rows, accepted, 45)
    audit.everything(found, rows, accepted=accepted, keys=list(traffic.answered))
    found.add("the lifecycle is in order whatever the clock says", "message_events by sequence", _out_of_order(rows))
    crashed = [one.role for one in (api, worker) if "crashed" in one.said]
    found.add("no process stumbles", "api and worker", [f"{role} logged a crash" for role in crashed])
    cluster.stop()
    return found


def _out_of_order(rows: Rows) -> list[str]:
    # A receipt may still come after its time has run out: DELIVERED is above FAILED.
    order = ("QUEUED", "PROCESSED", "ROUTED", "SENT", "FAILED", "DELIVERED", "READ")
    rank = {status: number for number, status in enumerate(order)}
    wrong: list[str] = []
    last: dict[str, int] = {}
    for message_id, status in rows.query("SELECT message_id, status FROM message_events ORDER BY message_id, sequence"):
        if rank.get(status, 0) < last.get(message_id, 0):
            wrong.append(f"{message_id} went back to {status}")
        last[message_id] = rank.get(status, 0)
    return wrong


def _set(file: Path, error_ms: int) -> None:
    """In place: the processes have mapped this very file."""
    with file.open("r+b") as shared:
        shared.write(struct.pack("<q", error_ms))


def _cpu_s(one: Process) -> float:
    fields = Path(f"/proc/{one.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _text() -> str:
    return ", ".join(f"{jump_ms / 60_000:+.0f} min" if jump_ms else "right again" for jump_ms in JUMPS_MS)
