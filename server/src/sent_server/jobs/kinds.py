"""Kinds of jobs: the duration of a lease, the step, and the back-off after failures.

A step has one of three forms. An `External` step makes a call between two transactions, and its job is leased
meanwhile. A `Local` step and a `LocalSet` step do everything in the transaction that claims. A kind without a step has
its own engine (the dispatcher) and is listed so that its leases are known.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from sent_server.db import Tx
from sent_server.jobs.store import Job
from sent_server.jobs.worker import POLL_MS
from sent_server.kernel.values import value_object

S = TypeVar("S")
R = TypeVar("R")
RETRY_AFTER_MS = 30_000
BATCH = 50


@value_object
class Backoff:
    """The delay before each retry. After the last delay the job is given up, or the last delay repeats forever."""

    delays_ms: Sequence[int]
    gives_up: bool = False

    def delay_ms(self, retries_used: int) -> int | None:
        """Returns None if no retry is left."""
        if retries_used < len(self.delays_ms):
            return self.delays_ms[retries_used]
        return None if self.gives_up else self.delays_ms[-1]

    @property
    def after_crash_ms(self) -> int:
        """The delay after a crash of the step. A crash is our bug, so it uses no retry."""
        return self.delays_ms[0]


@value_object
class Done:
    """The job is finished."""


@value_object
class Again:
    """The job is due again after this delay, without a failure. `kind` turns it into a job of another kind."""

    after_ms: int
    kind: str = ""


@value_object
class Failed:
    """The job failed. The back-off of its kind decides whether and when it is retried."""

    reason: str


Outcome = Done | Again | Failed


@value_object
class Loaded(Generic[S]):
    """A claimed job with its subject. `retries_used` is the number of failures recorded so far."""

    job: Job
    subject: S
    retries_used: int = 0


class NoteFailure(Protocol[S]):
    """Record a failure in the transaction that moves the job. `final` means that the job is given up."""

    async def __call__(self, tx: Tx, loaded: Loaded[S], reason: str, *, final: bool, now_ms: int) -> None: ...


async def note_nothing(tx: Tx, loaded: Loaded[Any], reason: str, *, final: bool, now_ms: int) -> None:
    """For kinds whose rows do not contain failures."""


@value_object
class External(Generic[S, R]):
    """A step with an external call.

    `load` reads the subject of the job in the transaction that claims, and returns None if nothing is left to do.
    `call` runs outside of any transaction. An exception counts as `Failed`, and so does a call that outlasts the lease.
    `record` writes the result, in one transaction with the end of the job: (tx, loaded, result, now_ms).
    """

    load: Callable[[Tx, Job], Awaitable[Loaded[S] | None]]
    call: Callable[[S], Awaitable[R]]
    record: Callable[[Tx, Loaded[S], R, int], Awaitable[Outcome]]
    note_failure: NoteFailure[S] = note_nothing


@value_object
class Local:
    """A step that only needs the database, one job at a time: (tx, job, now_ms)."""

    handle: Callable[[Tx, Job, int], Awaitable[Done | Again]]


@value_object
class LocalSet:
    """The same for a set of jobs, which `handle` itself finishes or moves: (tx, jobs, now_ms)."""

    handle: Callable[[Tx, Sequence[Job], int], Awaitable[None]]


@value_object
class Kind:
    """A kind of job. `batch` is the maximum number of jobs in progress in one process.

    `has_queues`: its jobs wait in several queues, which a `Local` or `LocalSet` step serves round-robin.
    `poll_ms` is the time until due jobs are found without a hint, `batch_delay_ms` a delay after each batch, for the
    others that use the database.
    """

    name: str
    lease_ms: int
    step: External[Any, Any] | Local | LocalSet | None = None
    backoff: Backoff = Backoff((RETRY_AFTER_MS,))
    batch: int = BATCH
    has_queues: bool = False
    poll_ms: int = POLL_MS
    batch_delay_ms: int = 0

    @property
    def is_leased_across_commits(self) -> bool:
        """Whether a killed process leaves leases behind."""
        return self.step is None or isinstance(self.step, External)
