"""Properties of a database, for `sent doctor`."""

from sent_server.db.database import Row, Tx

# Global by nature: properties of the database.
HAS_SCHEMA_POSTGRES = "SELECT to_regclass('schema_info') IS NOT NULL"
HAS_SCHEMA_SQLITE = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_info'"
QUICK_CHECK = "PRAGMA quick_check(1)"
ABOUT_POSTGRES = """
    SELECT current_setting('server_version_num'), current_setting('server_encoding'), pg_is_in_recovery(),
        current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
        current_setting('max_connections'), current_setting('superuser_reserved_connections'),
        (SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)
"""


async def has_schema(tx: Tx, *, on_postgres: bool) -> bool:
    return bool((await tx.fetch(HAS_SCHEMA_POSTGRES if on_postgres else HAS_SCHEMA_SQLITE))[0][0])


async def quick_check(tx: Tx) -> str:
    """Returns "ok" or a description of the damage. SQLite only."""
    return str((await tx.fetch(QUICK_CHECK))[0][0])


async def about_postgres(tx: Tx) -> Row:
    """The columns of ABOUT_POSTGRES."""
    return (await tx.fetch(ABOUT_POSTGRES))[0]
