"""Durable work: rows written in the transaction of the change that causes the work.

`due_at_ms` doubles as the lease: claiming a job moves it into the future and raises its fence, so a worker that
dies gives it back by itself, and a worker that was only paused finds a higher fence and writes nothing.
"""

from sent_server.jobs.store import Job, claim, enqueue, finish, move, release_all
from sent_server.jobs.worker import Worker

__all__ = ["Job", "Worker", "claim", "enqueue", "finish", "move", "release_all"]
