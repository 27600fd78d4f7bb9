"""Writes letters down, and brings them to the mailer: one job each, with the letter's own id."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import assert_never

import orjson
import structlog

from sent_server import jobs
from sent_server.db import Database, Tx
from sent_server.db.failpoint import failpoint
from sent_server.jobs import Job
from sent_server.kernel.clock import Clock
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.mail import store
from sent_server.ports.mail import Email, EmailFailed, EmailRefused, EmailSent, Mailer, Outcome

log = structlog.get_logger()
KIND = "mail"
LEASE_MS = 120_000
BATCH = 10
_MINUTE_MS = 60_000
# Two days in all; then the letter has failed, and whoever wrote it must look for another way.
RETRY_AFTER_MS = tuple(minutes * _MINUTE_MS for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))


@value_object
class _Waiting:
    """`letter` None: it was cancelled, or has gone already."""

    job: Job
    letter: Email | None
    attempts: int


async def enqueue(tx: Tx, sealer: Sealer, customer_id: str, mail_id: str, letter: Email, *, now_ms: int) -> None:
    sealed = sealer.seal(orjson.dumps(asdict(letter)).decode(), row_id=mail_id)
    await store.insert(tx, customer_id, mail_id, letter_sealed=sealed, now_ms=now_ms)
    await jobs.enqueue(tx, [(mail_id, KIND, customer_id, now_ms, now_ms)])


async def cancel(tx: Tx, customer_id: str, mail_id: str) -> None:
    """Nobody waits for it any more. What the relay has already cannot be taken back."""
    await store.delete(tx, customer_id, mail_id)


async def step(database: Database, clock: Clock, sealer: Sealer, mailer: Mailer) -> bool:
    """Hand over one portion of the waiting letters; the step of a `jobs.Worker`."""
    now_ms = clock.now_ms()
    found = await database.write(lambda tx: _claim(tx, sealer, now_ms=now_ms))
    if not found:
        return False
    outcomes = await asyncio.gather(*(_hand_over(mailer, waiting) for waiting in found))
    failpoint("mail_sent_before_note")
    done_at_ms = clock.now_ms()
    await database.write(lambda tx: _record(tx, list(zip(found, outcomes, strict=True)), now_ms=done_at_ms))
    return True


async def _claim(tx: Tx, sealer: Sealer, *, now_ms: int) -> list[_Waiting]:
    claimed = await jobs.claim(tx, KIND, now_ms=now_ms, lease_ms=LEASE_MS, count=BATCH)
    return [await _waiting(tx, sealer, job) for job in claimed]


async def _waiting(tx: Tx, sealer: Sealer, job: Job) -> _Waiting:
    row = await store.waiting(tx, job.customer_id, job.id)
    if row is None:
        return _Waiting(job, None, 0)
    return _Waiting(job, Email(**orjson.loads(sealer.open(row[0], row_id=job.id))), row[1])


async def _hand_over(mailer: Mailer, waiting: _Waiting) -> Outcome | None:
    if waiting.letter is None:
        return None
    try:
        return await mailer.send(waiting.letter, letter_id=waiting.job.id)
    except Exception as error:
        log.exception("mail.crashed", mail_id=waiting.job.id)
        return EmailFailed(type(error).__name__)


async def _record(tx: Tx, handed_over: Sequence[tuple[_Waiting, Outcome | None]], *, now_ms: int) -> None:
    for waiting, outcome in handed_over:
        job = waiting.job
        match outcome:
            case None:
                pass
            case EmailSent():
                await store.sent(tx, job.customer_id, job.id, now_ms=now_ms)
            case EmailFailed(reason) if waiting.attempts < len(RETRY_AFTER_MS):
                log.warning("mail.deferred", mail_id=job.id, attempts=waiting.attempts + 1)
                await store.put_off(tx, job.customer_id, job.id, error=reason)
                await jobs.move(tx, [(KIND, now_ms + RETRY_AFTER_MS[waiting.attempts], job.id, job.fence)])
                continue
            case EmailFailed(reason) | EmailRefused(reason):
                log.error("mail.failed", mail_id=job.id, attempts=waiting.attempts + 1)
                await store.given_up(tx, job.customer_id, job.id, error=reason, now_ms=now_ms)
            case _:
                assert_never(outcome)
        await jobs.finish(tx, [job])
