"""Storage: one SQL text, two engines. The only place that knows which database runs, and that commits."""

from sent_server.db.again import until_written
from sent_server.db.database import Batch, Database, Row, Tx
from sent_server.db.errors import SchemaTooNewError, SchemaTooOldError, StorageUnavailableError
from sent_server.db.open import open_database

__all__ = [
    "Batch",
    "Database",
    "Row",
    "SchemaTooNewError",
    "SchemaTooOldError",
    "StorageUnavailableError",
    "Tx",
    "open_database",
    "until_written",
]
