"""The SQL of attempts. Each submit to a carrier has an attempt row, committed before the request is sent.

A second attempt of a leg requires a recorded `UNKNOWN` (the response was lost) or `LATER` (the carrier deferred it).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sent_server.db import Tx
from sent_server.kernel.values import value_object
from sent_server.messages import attempt_states
from sent_server.messages.lifecycle import LEG_RANK

INSERT = """
    INSERT INTO attempts (customer_id, message_id, leg, attempt, channel, carrier, state, created_at_ms, updated_at_ms)
    VALUES (:customer_id, :message_id, :leg, :attempt, :channel, :carrier, 'SUBMITTING', :created_at_ms, :updated_at_ms)
"""
RECORD = """
    UPDATE attempts
    SET state = :state, ref = :ref, error_code = :error_code, reason = :reason, detail = :detail,
        updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND message_id = :message_id AND leg = :leg AND attempt = :attempt
"""
# Most attempts succeed. Their statement has fewer parameters.
RECORD_SENT = """
    UPDATE attempts
    SET state = 'SENT', ref = :ref, error_code = NULL, reason = NULL, detail = NULL, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND message_id = :message_id AND leg = :leg AND attempt = :attempt
"""
_RANKED = " ".join(f"WHEN '{state}' THEN {rank}" for state, rank in LEG_RANK.items() if rank)
_RANK = f"CASE state {_RANKED} ELSE 0 END"
# A leg's state only rises, in whatever order the receipts arrive. An earlier failure reason is kept.
RAISE = f"""
    UPDATE attempts
    SET state = :state, error_code = COALESCE(:error_code, error_code), reason = COALESCE(:reason, reason),
        detail = COALESCE(:detail, detail), updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND message_id = :message_id AND leg = :leg AND attempt = :attempt
        AND {_RANK} < :state_rank
"""
RAISE_REACHED = f"""
    UPDATE attempts
    SET state = :state, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND message_id = :message_id AND leg = :leg AND attempt = :attempt
        AND {_RANK} < :state_rank
"""
# A FAILED receipt after delivery changes no state. Its reason is recorded for troubleshooting.
NOTE_FAILURE = """
    UPDATE attempts
    SET error_code = :error_code, reason = :reason, detail = :detail
    WHERE customer_id = :customer_id AND message_id = :message_id AND leg = :leg AND attempt = :attempt
        AND state IN ('DELIVERED', 'READ') AND reason IS NULL
"""
LAST = """
    SELECT a.message_id, a.leg, a.attempt, a.state, a.carrier, a.ref, a.detail, a.updated_at_ms
    FROM EACH(:ids) AS n
    LOOKUP attempts AS a BY (a.customer_id = :customer_id AND a.message_id = n.value)
    ORDER BY a.message_id, a.leg, a.attempt
"""

OF_MESSAGE = """
    SELECT leg, attempt, channel, carrier, state, ref, error_code, reason, detail, created_at_ms, updated_at_ms
    FROM attempts
    WHERE customer_id = :customer_id AND message_id = :message_id
    ORDER BY leg, attempt
"""


class AttemptRow(NamedTuple):
    customer_id: str
    message_id: str
    leg: int
    attempt: int
    channel: str
    carrier: str
    created_at_ms: int
    updated_at_ms: int


class AttemptResultRow(NamedTuple):
    """The outcome of a submit."""

    state: str
    ref: str | None
    error_code: str | None
    reason: str | None
    detail: str | None
    updated_at_ms: int
    customer_id: str
    message_id: str
    leg: int
    attempt: int


class AttemptStateRow(NamedTuple):
    """The state from a receipt or a timeout, and its rank (lifecycle.LEG_RANK)."""

    state: str
    error_code: str | None
    reason: str | None
    detail: str | None
    updated_at_ms: int
    customer_id: str
    message_id: str
    leg: int
    attempt: int
    state_rank: int

    @property
    def key(self) -> tuple[str, str, int, int]:
        return self.customer_id, self.message_id, self.leg, self.attempt


class LoggedAttempt(NamedTuple):
    """An attempt as people read it. `error_code` is the carrier's, `reason` one of contract/reasons.json."""

    leg: int
    number: int
    channel: str
    carrier: str
    state: str
    ref: str | None
    error_code: str | None
    reason: str | None
    detail: str | None
    created_at_ms: int
    updated_at_ms: int


@value_object
class Attempt:
    message_id: str
    leg: int
    number: int
    state: str
    carrier: str
    ref: str | None
    detail: str | None
    updated_at_ms: int


def attempt_id(message_id: str, leg: int, number: int) -> str:
    """The idempotency key for carriers. It is the same on every submit of the attempt."""
    return f"{message_id}-{leg}-{number}"


async def last_of_leg(tx: Tx, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, int], Attempt]:
    """The newest attempt of every leg of the given messages, by (message id, leg)."""
    by_customer: defaultdict[str, list[str]] = defaultdict(list)
    for customer_id, message_id in keys:
        by_customer[customer_id].append(message_id)
    found: dict[tuple[str, int], Attempt] = {}
    for customer_id, message_ids in sorted(by_customer.items()):
        for row in await tx.fetch(LAST, customer_id=customer_id, ids=message_ids):
            attempt = Attempt(*row)
            found[(attempt.message_id, attempt.leg)] = attempt
    return found


async def insert(tx: Tx, rows: Sequence[AttemptRow]) -> None:
    await tx.execute_many(INSERT, rows)


async def record(tx: Tx, rows: Sequence[AttemptResultRow]) -> None:
    sent = [(row.ref, *row[5:]) for row in rows if row.state == attempt_states.SENT]
    await tx.execute_many(RECORD_SENT, sent, distinct=True)
    if len(sent) < len(rows):
        await tx.execute_many(RECORD, [row for row in rows if row.state != attempt_states.SENT], distinct=True)


async def raise_state(tx: Tx, rows: Sequence[AttemptStateRow]) -> None:
    """If an attempt has several rows, the highest state is written, in whatever order they come."""
    highest = {row.key: row for row in sorted(rows, key=_state_rank)}
    reached = [(row.state, *row[4:]) for row in highest.values() if row.state != attempt_states.FAILED]
    await tx.execute_many(RAISE_REACHED, reached, distinct=True)
    failures = {
        row.key: (row.error_code, row.reason, row.detail, *row.key)
        for row in rows
        if row.state == attempt_states.FAILED
    }
    if failures:
        await tx.execute_many(
            RAISE, [row for row in highest.values() if row.state == attempt_states.FAILED], distinct=True
        )
        await tx.execute_many(NOTE_FAILURE, list(failures.values()), distinct=True)


def _state_rank(row: AttemptStateRow) -> int:
    return row.state_rank


async def of_message(tx: Tx, customer_id: str, message_id: str) -> list[LoggedAttempt]:
    """All attempts of a message, in order."""
    rows = await tx.fetch(OF_MESSAGE, customer_id=customer_id, message_id=message_id)
    return [LoggedAttempt(*row) for row in rows]
