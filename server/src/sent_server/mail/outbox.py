"""Stores emails and passes them to the mailer. Each email is a job with the same id."""

from dataclasses import asdict
from typing import assert_never

import orjson
import structlog

from sent_server import jobs
from sent_server.db import Tx
from sent_server.jobs import Backoff, External, Job, Kind, Loaded
from sent_server.kernel.sealing import Sealer
from sent_server.mail import store
from sent_server.ports.mail import Email, EmailFailed, EmailRefused, EmailSent, Mailer, Outcome

log = structlog.get_logger()
KIND = "mail"
LEASE_MS = 120_000
BATCH = 10
_MINUTE_MS = 60_000
# Two days in all. Then the email has failed, and its sender must use another way.
BACKOFF = Backoff(tuple(minutes * _MINUTE_MS for minutes in (1, 5, 15, 60, 180, 360, 720, 1440)), gives_up=True)


async def enqueue(tx: Tx, sealer: Sealer, customer_id: str, mail_id: str, letter: Email, *, now_ms: int) -> None:
    sealed = sealer.seal(orjson.dumps(asdict(letter)).decode(), row_id=mail_id)
    await store.insert(tx, customer_id, mail_id, letter_sealed=sealed, now_ms=now_ms)
    await jobs.enqueue(tx, [(mail_id, KIND, customer_id, now_ms, now_ms)])


async def cancel(tx: Tx, customer_id: str, mail_id: str) -> None:
    """Cancel an email that is no longer needed. An email that the relay has accepted cannot be recalled."""
    await store.delete(tx, customer_id, mail_id)


def kind(sealer: Sealer, mailer: Mailer) -> Kind:
    """The jobs that pass emails to the mailer."""

    async def load(tx: Tx, job: Job) -> Loaded[tuple[str, Email]] | None:
        row = await store.waiting(tx, job.customer_id, job.id)
        if row is None:  # cancelled, or sent already
            return None
        letter = Email(**orjson.loads(sealer.open(row[0], row_id=job.id)))
        return Loaded(job, (job.id, letter), retries_used=row[1])

    async def hand_over(subject: tuple[str, Email]) -> Outcome:
        mail_id, letter = subject
        return await mailer.send(letter, letter_id=mail_id)

    return Kind(KIND, LEASE_MS, External(load, hand_over, _record, _note_failure), BACKOFF, BATCH)


async def _record(tx: Tx, loaded: Loaded[tuple[str, Email]], outcome: Outcome, now_ms: int) -> jobs.Outcome:
    match outcome:
        case EmailSent():
            await store.sent(tx, loaded.job.customer_id, loaded.job.id, now_ms=now_ms)
            return jobs.Done()
        case EmailRefused(reason):
            await _note_failure(tx, loaded, reason, final=True, now_ms=now_ms)
            return jobs.Done()
        case EmailFailed(reason):
            return jobs.Failed(reason)
    assert_never(outcome)


async def _note_failure(tx: Tx, loaded: Loaded[tuple[str, Email]], reason: str, *, final: bool, now_ms: int) -> None:
    job, attempts = loaded.job, loaded.retries_used + 1
    if final:
        log.error("mail.failed", mail_id=job.id, attempts=attempts)
        await store.given_up(tx, job.customer_id, job.id, error=reason, now_ms=now_ms)
    else:
        log.warning("mail.deferred", mail_id=job.id, attempts=attempts)
        await store.put_off(tx, job.customer_id, job.id, error=reason)
