"""Durable jobs: rows written in the transaction of the change that causes the work.

`due_at_ms` is also the lease: claiming a job moves it into the future and increments the fence. The job of a worker
that dies becomes due again, and a worker that was paused finds a higher fence and writes nothing.

A `Kind` of job has a name, a lease, a step and a back-off. A `Runner` runs the jobs of a kind, and the `Registry` has
all kinds. Jobs of a kind wait in one queue, or in several that are served round-robin, so that none delays the others.
"""

from sent_server.jobs.kinds import Again, Backoff, Done, External, Failed, Kind, Loaded, Local, LocalSet, Outcome
from sent_server.jobs.registry import Registry
from sent_server.jobs.runner import Runner
from sent_server.jobs.store import (
    SINGLE_QUEUE,
    Job,
    JobRow,
    MoveRow,
    WaitingMoveRow,
    claim,
    drop,
    enqueue,
    enqueue_keyed,
    fences,
    finish,
    finish_waiting,
    lease,
    lock,
    move,
    move_keyed,
    move_waiting,
    named,
    queue_keys,
    release_all,
    renew,
    replace,
)
from sent_server.jobs.worker import Worker

__all__ = [
    "SINGLE_QUEUE",
    "Again",
    "Backoff",
    "Done",
    "External",
    "Failed",
    "Job",
    "JobRow",
    "Kind",
    "Loaded",
    "Local",
    "LocalSet",
    "MoveRow",
    "Outcome",
    "Registry",
    "Runner",
    "WaitingMoveRow",
    "Worker",
    "claim",
    "drop",
    "enqueue",
    "enqueue_keyed",
    "fences",
    "finish",
    "finish_waiting",
    "lease",
    "lock",
    "move",
    "move_keyed",
    "move_waiting",
    "named",
    "queue_keys",
    "release_all",
    "renew",
    "replace",
]
