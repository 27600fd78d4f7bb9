"""The audit log: who changed what, when, from where."""

from sent_server.dashboard import audit_store
from sent_server.dashboard.audit_store import AuditRow
from sent_server.db import Tx
from sent_server.kernel.paging import Page

__all__ = ["AuditRow", "read", "write"]


async def write(tx: Tx, row: AuditRow) -> None:
    await audit_store.insert(tx, [row])


async def read(tx: Tx, customer_id: str, page: Page) -> list[AuditRow]:
    """Newest first, with one more than the page size if there are more."""
    return await audit_store.page(tx, customer_id, page)
