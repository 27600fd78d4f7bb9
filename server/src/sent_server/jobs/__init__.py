"""Durable work: rows written in the transaction of the change that causes the work.

`due_at_ms` doubles as the lease: claiming a job moves it into the future and raises its fence, so a worker that
dies gives it back by itself, and a worker that was only paused finds a higher fence and writes nothing.

Jobs of a kind wait in one lane, or in many that are served in turn, so that a long lane delays no other.
"""

from sent_server.jobs.store import (
    ONE_LANE,
    Job,
    claim,
    enqueue,
    enqueue_in_lanes,
    finish,
    lanes,
    lease,
    move,
    move_to_lanes,
    named,
    release_all,
    renew,
)
from sent_server.jobs.worker import Worker

__all__ = [
    "ONE_LANE",
    "Job",
    "Worker",
    "claim",
    "enqueue",
    "enqueue_in_lanes",
    "finish",
    "lanes",
    "lease",
    "move",
    "move_to_lanes",
    "named",
    "release_all",
    "renew",
]
