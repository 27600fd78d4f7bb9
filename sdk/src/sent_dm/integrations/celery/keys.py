"""Idempotency keys that follow from a task's id: a task that is tried again or delivered again repeats them."""

import hashlib
import uuid
from collections import Counter
from dataclasses import replace

from sent_dm.client import SentDm

NAMESPACE = uuid.UUID("5e97d1a4-52b3-5c1e-8a0b-6f1c6b6a7d10")


class TaskKeys:
    """The keys of one run of a task.

    A key stands for a request, not for its place among the others: a run that skips what the one before it did must
    not give the answer of one message to the next. The same request twice in one run is meant twice.
    """

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._made: Counter[str] = Counter()

    def __call__(self, method: str, url: str, content: bytes | None) -> str:
        request = hashlib.sha256(b"\0".join((self._task_id.encode(), method.encode(), url.encode(), content or b"")))
        digest = request.hexdigest()[:40]
        self._made[digest] += 1
        return f"task-{digest}-{self._made[digest]}"


def keyed(client: SentDm, task_id: str) -> SentDm:
    """The client, with its connections, for one run of the task `task_id`."""
    made = client.copy()
    made.settings = replace(made.settings, new_key=TaskKeys(task_id))
    return made


def child_id(task_id: str | None, name: object) -> str:
    """The id for a task that another task starts: the same in each run. Without a parent, a new one."""
    return str(uuid.uuid4() if task_id is None else uuid.uuid5(NAMESPACE, f"{task_id}/{name}"))
