"""The SQL of receipts and inbound messages, stored raw, and of the references that match receipts to attempts."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.carriers.base import Receipt, ReceiptKind
from sent_server.carriers.reasons import Reason
from sent_server.db import Tx

INSERT = """
    INSERT INTO receipts (carrier, event_id, ref, kind, error_code, reason, received_at_ms, applied_at_ms)
    VALUES (:carrier, :event_id, :ref, :kind, :error_code, :reason, :received_at_ms, :applied_at_ms)
    ON CONFLICT (event_id, carrier) DO NOTHING
"""
PARKED = """
    SELECT p.event_id, p.ref, p.kind, p.error_code, p.reason
    FROM EACH(:refs) AS n
    LOOKUP receipts AS p BY (p.carrier = :carrier AND p.ref = n.value AND p.applied_at_ms IS NULL)
    ORDER BY p.received_at_ms, p.event_id
"""
MARK_APPLIED = """
    UPDATE receipts
    SET applied_at_ms = :now_ms
    WHERE carrier = :carrier AND event_id IN (:event_ids[])
"""
FORGET_OLD = """
    DELETE FROM receipts
    WHERE received_at_ms <= :before_ms
"""
INSERT_REF = """
    INSERT INTO carrier_refs (carrier, ref, customer_id, message_id, leg, attempt)
    VALUES (:carrier, :ref, :customer_id, :message_id, :leg, :attempt)
    ON CONFLICT (carrier, ref) DO NOTHING
"""
FIND_REFS = """
    SELECT r.ref, r.customer_id, r.message_id, r.leg, r.attempt
    FROM EACH(:refs) AS n
    LOOKUP carrier_refs AS r BY (r.carrier = :carrier AND r.ref = n.value)
"""


class ReceiptRow(NamedTuple):
    """`applied_at_ms` is None until the response to the submit is recorded."""

    carrier: str
    event_id: str
    ref: str
    kind: str
    error_code: str | None
    reason: str | None
    received_at_ms: int
    applied_at_ms: int | None


class CarrierRefRow(NamedTuple):
    carrier: str
    ref: str
    customer_id: str
    message_id: str
    leg: int
    attempt: int


class AttemptRef(NamedTuple):
    """The attempt behind a carrier's reference."""

    ref: str
    customer_id: str
    message_id: str
    leg: int
    attempt: int


async def insert(tx: Tx, rows: Sequence[ReceiptRow]) -> None:
    await tx.execute_many(INSERT, rows)


async def insert_inbound(tx: Tx, carrier: str, event_id: str, phone: str, *, now_ms: int) -> bool:
    """Record that a message from a person was received. False if it was recorded before."""
    inserted = await tx.execute(
        INSERT,
        carrier=carrier,
        event_id=event_id,
        ref=phone,
        kind="inbound",
        error_code=None,
        reason=None,
        received_at_ms=now_ms,
        applied_at_ms=now_ms,
    )
    return inserted > 0


async def parked(tx: Tx, carrier: str, refs: Sequence[str]) -> list[Receipt]:
    """Receipts that arrived before their reference, oldest first."""
    rows = await tx.fetch(PARKED, carrier=carrier, refs=refs)
    return [Receipt(row[0], row[1], ReceiptKind(row[2]), row[3], Reason(row[4]) if row[4] else None) for row in rows]


async def mark_applied(tx: Tx, carrier: str, event_ids: Sequence[str], *, now_ms: int) -> None:
    await tx.execute(MARK_APPLIED, carrier=carrier, event_ids=event_ids, now_ms=now_ms)


async def forget_old(tx: Tx, *, before_ms: int) -> int:
    return await tx.execute(FORGET_OLD, before_ms=before_ms)


async def insert_refs(tx: Tx, rows: Sequence[CarrierRefRow]) -> None:
    await tx.execute_many(INSERT_REF, rows)


async def find_refs(tx: Tx, carrier: str, refs: Sequence[str]) -> dict[str, AttemptRef]:
    rows = await tx.fetch(FIND_REFS, carrier=carrier, refs=sorted(set(refs)))
    return {row[0]: AttemptRef(*row) for row in rows}
