"""Durable work: rows written in the transaction of the change that causes the work.

`due_at_ms` doubles as the lease: claiming a job moves it into the future and raises its fence, so a worker that
dies gives it back by itself, and a worker that was only paused finds a higher fence and writes nothing.

A kind of job is a `Kind`: a name, a lease, a step and a back-off. A `Runner` runs its jobs; the `Registry` knows all.
Jobs of a kind wait in one queue, or in many that are served in turn, so that a long queue delays no other.
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
    enqueue,
    enqueue_keyed,
    fences,
    finish,
    finish_waiting,
    lease,
    move,
    move_keyed,
    move_waiting,
    named,
    queue_keys,
    release_all,
    renew,
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
    "enqueue",
    "enqueue_keyed",
    "fences",
    "finish",
    "finish_waiting",
    "lease",
    "move",
    "move_keyed",
    "move_waiting",
    "named",
    "queue_keys",
    "release_all",
    "renew",
]
