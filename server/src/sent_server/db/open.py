"""Opens the database for a URL: `sqlite:///path/to/file` or `postgresql://...`."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from sent_server.db.errors import StorageUnavailableError
from sent_server.db.postgres import MAX_CONNECTIONS, PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase


async def open_database(url: str, *, connections: int = MAX_CONNECTIONS) -> SqliteDatabase | PostgresDatabase:
    """Connect, without migrating. Raises StorageUnavailableError with a reason for the operator."""
    scheme = urlsplit(url).scheme
    if scheme in ("postgresql", "postgres"):
        return await PostgresDatabase.connect(url, connections=connections)
    if scheme == "sqlite":
        path = Path(unquote(url.removeprefix("sqlite:///")))
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteDatabase(path)
    raise StorageUnavailableError(
        f"SENT_DATABASE_URL starts with {scheme or 'nothing'!r}; use sqlite:///FILE or postgresql://HOST/NAME"
    )
