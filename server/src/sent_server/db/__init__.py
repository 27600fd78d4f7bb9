"""Storage: one SQL text for two engines. Only this package commits, and only it depends on the engine."""

from sent_server.db.database import Batch, Database, Row, Tx
from sent_server.db.errors import SchemaTooNewError, SchemaTooOldError, StorageUnavailableError
from sent_server.db.open import open_database
from sent_server.db.retry import write_with_retry

__all__ = [
    "Batch",
    "Database",
    "Row",
    "SchemaTooNewError",
    "SchemaTooOldError",
    "StorageUnavailableError",
    "Tx",
    "open_database",
    "write_with_retry",
]
