"""Durable work: rows written in the transaction of the change that causes the work.

`due_at_ms` doubles as the lease: claiming a job moves it into the future and raises its fence, so a worker that
dies gives it back by itself, and a worker that was only paused finds a higher fence and writes nothing.

Jobs of a kind wait in one queue, or in many that are served in turn, so that a long queue delays no other.
"""

from sent_server.jobs.store import (
    SINGLE_QUEUE,
    Job,
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
    "Job",
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
