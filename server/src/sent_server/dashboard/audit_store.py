"""The SQL of the audit log."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Tx, keyset
from sent_server.kernel.paging import Page

INSERT = """
    INSERT INTO audit_entries (customer_id, id, person, action, subject, detail, address, at_ms)
    VALUES (:customer_id, :id, :person, :action, :subject, :detail, :address, :at_ms)
"""
PAGE = """
    SELECT customer_id, id, person, action, subject, detail, address, at_ms FROM audit_entries
    WHERE customer_id = :customer_id AND id > :above_id AND id < :below_id
    ORDER BY id DESC
    LIMIT :count OFFSET :skip
"""


class AuditRow(NamedTuple):
    """`person` is an address, `action` the operation, `subject` the id of what was changed."""

    customer_id: str
    id: str
    person: str
    action: str
    subject: str | None
    detail: str | None
    address: str | None
    at_ms: int


async def insert(tx: Tx, rows: Sequence[AuditRow]) -> None:
    await tx.execute_many(INSERT, rows)


async def page(tx: Tx, customer_id: str, page: Page) -> list[AuditRow]:
    """Newest first, with one more than the page size if there are more."""
    rows = await tx.fetch(keyset.ordered(PAGE, page), customer_id=customer_id, **keyset.window(page))
    return [AuditRow(*row) for row in rows]
