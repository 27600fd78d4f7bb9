"""Numbered SQL files, applied in order. The database stores its version and the oldest release that may use it."""

import functools
import re
from collections.abc import Sequence
from importlib import resources

from sent_server.db.database import Tx
from sent_server.db.errors import SchemaTooNewError, SchemaTooOldError
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.kernel.values import value_object

_HEADER = re.compile(r"-- compatible: (\d+)(?: on PostgreSQL, (\d+) on SQLite)?")
# Global by nature: the schema has no tenant.
APPLIED = "SELECT version, compatible_version FROM schema_info"


@value_object
class Migration:
    version: int
    name: str
    compatible_version: int
    compatible_version_on_sqlite: int
    sql: str

    def compatible_on(self, database: SqliteDatabase | PostgresDatabase) -> int:
        """The oldest release that may use the schema, by the newest version that it knows."""
        on_sqlite = isinstance(database, SqliteDatabase)
        return self.compatible_version_on_sqlite if on_sqlite else self.compatible_version


@functools.cache
def known() -> Sequence[Migration]:
    """All migrations of this release, oldest first."""
    found: list[Migration] = []
    for file in resources.files("sent_server.db").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            sql = file.read_text(encoding="utf-8")
            header = _HEADER.search(sql)
            assert header, f"{file.name} lacks its '-- compatible: N' line"
            both, on_sqlite = header.groups()
            found.append(Migration(int(file.name[:4]), file.name, int(both), int(on_sqlite or both), sql))
    assert len({migration.version for migration in found}) == len(found), "two migrations have one number"
    return sorted(found, key=lambda migration: migration.version)


def _newest() -> int:
    return known()[-1].version


async def pending(database: SqliteDatabase | PostgresDatabase) -> list[Migration]:
    """The migrations that `apply` would run. Raises SchemaTooNewError if a newer release has migrated the database."""
    await database.run_script(
        "CREATE TABLE IF NOT EXISTS schema_info (version BIGINT PRIMARY KEY, compatible_version BIGINT NOT NULL)"
    )
    applied = await database.read(usable)
    return [migration for migration in known() if migration.version not in applied]


async def versions(tx: Tx) -> list[tuple[int, int]]:
    """Each applied version, and the oldest release that may use it."""
    return [(row[0], row[1]) for row in await tx.fetch(APPLIED)]


async def usable(tx: Tx) -> set[int]:
    """The applied versions. Raises SchemaTooNewError if this release is too old for them."""
    rows = await versions(tx)
    applied = {version for version, _ in rows}
    compatible_version = max((compatible for _, compatible in rows), default=0)
    if compatible_version > _newest():
        raise SchemaTooNewError(
            f"this database has schema {max(applied)}, which needs a release that knows schema {compatible_version}; "
            f"this one knows {_newest()}. Install the newer release, or restore a backup from before the upgrade"
        )
    return applied


async def require(database: SqliteDatabase | PostgresDatabase) -> None:
    """Raises SchemaTooOldError if migrations are pending."""
    todo = await pending(database)
    if todo:
        raise SchemaTooOldError(
            f"this database lacks {len(todo)} schema changes of this release, the first is {todo[0].name}; "
            "run `sent migrate` once, with the same SENT_DATABASE_URL, and start again"
        )


async def apply(database: SqliteDatabase | PostgresDatabase) -> list[Migration]:
    """Apply the pending migrations. Returns them."""
    todo = await pending(database)
    for migration in todo:
        try:
            row = f"{migration.version}, {migration.compatible_on(database)}"
            await database.run_script(f"INSERT INTO schema_info VALUES ({row});\n{migration.sql}")
        except Exception:
            # Another process may have applied it at the same time: its row in schema_info makes ours fail.
            if migration in await pending(database):
                raise
    return todo
