"""The SQL of the outbox."""

from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.db.database import fetch_one
from sent_server.kernel.values import value_object

INSERT = """
    INSERT INTO mails (customer_id, id, letter_sealed, attempts, created_at_ms)
    VALUES (:customer_id, :id, :letter_sealed, 0, :created_at_ms)
"""
WAITING = """
    SELECT letter_sealed, attempts FROM mails
    WHERE customer_id = :customer_id AND id = :id AND letter_sealed IS NOT NULL
"""
SENT = """
    UPDATE mails
    SET letter_sealed = NULL, attempts = attempts + 1, error = NULL, sent_at_ms = :sent_at_ms
    WHERE customer_id = :customer_id AND id = :id AND letter_sealed IS NOT NULL
"""
GIVEN_UP = """
    UPDATE mails
    SET letter_sealed = NULL, attempts = attempts + 1, error = :error, failed_at_ms = :failed_at_ms
    WHERE customer_id = :customer_id AND id = :id AND letter_sealed IS NOT NULL
"""
PUT_OFF = """
    UPDATE mails
    SET attempts = attempts + 1, error = :error
    WHERE customer_id = :customer_id AND id = :id AND letter_sealed IS NOT NULL
"""
DELETE = """
    DELETE FROM mails
    WHERE customer_id = :customer_id AND id = :id
"""
PROGRESS = """
    SELECT id, attempts, error, sent_at_ms, failed_at_ms FROM mails
    WHERE customer_id = :customer_id AND id IN (:ids[])
"""
FORGET_OLD = """
    DELETE FROM mails
    WHERE created_at_ms < :before_ms AND letter_sealed IS NULL
"""


@value_object
class MailProgress:
    """`error` is the last error of the relay."""

    attempts: int
    error: str | None
    sent_at_ms: int | None
    failed_at_ms: int | None


async def insert(tx: Tx, customer_id: str, mail_id: str, *, letter_sealed: str, now_ms: int) -> None:
    await tx.execute(INSERT, customer_id=customer_id, id=mail_id, letter_sealed=letter_sealed, created_at_ms=now_ms)


async def waiting(tx: Tx, customer_id: str, mail_id: str) -> tuple[str, int] | None:
    """The sealed email and the number of attempts. None if it was sent, has failed or was cancelled."""
    row = await fetch_one(tx, WAITING, customer_id=customer_id, id=mail_id)
    return (row[0], row[1]) if row else None


async def sent(tx: Tx, customer_id: str, mail_id: str, *, now_ms: int) -> None:
    await tx.execute(SENT, customer_id=customer_id, id=mail_id, sent_at_ms=now_ms)


async def given_up(tx: Tx, customer_id: str, mail_id: str, *, error: str, now_ms: int) -> None:
    await tx.execute(GIVEN_UP, customer_id=customer_id, id=mail_id, error=error, failed_at_ms=now_ms)


async def put_off(tx: Tx, customer_id: str, mail_id: str, *, error: str) -> None:
    await tx.execute(PUT_OFF, customer_id=customer_id, id=mail_id, error=error)


async def delete(tx: Tx, customer_id: str, mail_id: str) -> None:
    await tx.execute(DELETE, customer_id=customer_id, id=mail_id)


async def progress(tx: Tx, customer_id: str, mail_ids: Sequence[str]) -> dict[str, MailProgress]:
    rows = await tx.fetch(PROGRESS, customer_id=customer_id, ids=list(mail_ids)) if mail_ids else []
    return {mail_id: MailProgress(*rest) for mail_id, *rest in rows}


async def forget_old(tx: Tx, *, before_ms: int) -> int:
    """Delete old emails that were sent or have failed. Waiting emails are kept at any age."""
    return await tx.execute(FORGET_OLD, before_ms=before_ms)
