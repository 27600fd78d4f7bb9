"""Checks of the database: reachability, durability, connections, clock, schema and master key."""

import math
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import unquote

from sent_server import installation
from sent_server.cli.doctor.findings import Finding, Level, ok, problem, refused, warning
from sent_server.db import Tx, inspect, metadata, migrate
from sent_server.db.database import Database, Row
from sent_server.db.errors import StorageError
from sent_server.db.open import open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.settings import Settings, SettingsError

OLDEST_POSTGRES = 14
# Leases last 12 s. A clock skew of a good part of that releases work that another process is doing.
SKEW_WARNING_MS, SKEW_PROBLEM_MS = 500, 2_000


async def examine(settings: Settings, url: str) -> AsyncIterator[Finding | str]:
    """Yields findings and, as a string, the installation's id if there is one."""
    if url.startswith("sqlite:"):
        file = Path(unquote(url.removeprefix("sqlite:///")))
        if not file.exists():
            yield ok("database", f"SQLite file {file} does not exist yet; the first start creates it")
            return
    try:
        opened = await open_database(url, connections=1)
    except StorageError as error:
        yield _unreachable(error)
        return
    try:
        started_s = time.perf_counter()
        if isinstance(opened, PostgresDatabase):
            row = await opened.read(inspect.about_postgres)
            took_ms = (time.perf_counter() - started_s) * 1000
            for finding in _postgres(row, settings, took_ms, now_ms=time.time() * 1000):
                yield finding
        else:
            yield _sqlite(url, await opened.read(inspect.quick_check, heavy=True))
        on_postgres = isinstance(opened, PostgresDatabase)
        if not await opened.read(lambda tx: inspect.has_schema(tx, on_postgres=on_postgres)):
            told = problem if on_postgres else warning
            yield told("database.schema", "this database is empty", "run `sent migrate` once")
            return
        schema = _schema(await opened.read(migrate.versions))
        yield schema
        if schema.level is Level.OK:
            yield await _key(opened, settings)
            found = await opened.read(_installation_id)
            if found:
                yield found
    except StorageError as error:
        yield refused("database", error)
    finally:
        await opened.close()


async def _installation_id(tx: Tx) -> str | None:
    return await metadata.read(tx, installation.ID)


def _unreachable(error: StorageError) -> Finding:
    text = str(error)
    if "password authentication failed" in text or "no password supplied" in text:
        return problem("database", text, "correct user and password in SENT_DATABASE_URL")
    if "role" in text and "does not exist" in text:
        return problem("database", text, "create it with `createuser`, or correct the user in SENT_DATABASE_URL")
    if "does not exist" in text:
        return problem("database", text, "create it with `createdb`, or correct the name in SENT_DATABASE_URL")
    return problem("database", text, "start it, or correct SENT_DATABASE_URL")


def _sqlite(url: str, said: str) -> Finding:
    if said == "ok":
        return ok("database", f"SQLite file {url.removeprefix('sqlite:///')} is intact")
    return problem("database", f"the SQLite file is damaged: {said}", "stop the server and `sent restore` a backup")


def _postgres(row: Row, settings: Settings, took_ms: float, *, now_ms: float) -> Iterator[Finding]:
    number, encoding, standby, fsync, pages, commit, most, reserved, used, its_ms = row
    version = int(number) / 10_000
    said = f"PostgreSQL {int(version)}.{int(number) % 10_000} responds in {took_ms:.0f} ms"
    if version < OLDEST_POSTGRES:
        yield problem("database", said, f"upgrade to {OLDEST_POSTGRES} or newer")
    elif standby:
        yield problem("database", f"{said}, but is a read-only standby", "use the primary in SENT_DATABASE_URL")
    elif encoding != "UTF8":
        yield problem("database", f"{said}, with the encoding {encoding}", "create the database with ENCODING 'UTF8'")
    else:
        yield ok("database", said)
    loose = [name for name, on in (("fsync", fsync), ("full_page_writes", pages)) if on == "off"]
    if loose:
        yield problem("database.durability", f"{' and '.join(loose)} off: a power cut can destroy data", "switch it on")
    elif commit == "off":
        yield problem(
            "database.durability",
            "synchronous_commit is off: a crash can lose accepted messages",
            "set synchronous_commit to on (or local)",
        )
    else:
        yield ok("database.durability", "commits are flushed to disk")
    room = int(most) - int(reserved)
    said = f"{used} of {room} connections are in use; each process of Sent may open {settings.database_connections + 1}"
    if settings.database_connections + 1 > room:
        yield problem("database.connections", said, "raise max_connections, or lower SENT_DATABASE_CONNECTIONS")
    elif int(used) + settings.database_connections + 1 > room:
        yield warning("database.connections", said, "raise max_connections before another process starts")
    else:
        yield ok("database.connections", said)
    yield _skew(now_ms - float(its_ms) - took_ms / 2, within_ms=took_ms / 2)


def _skew(skew_ms: float, *, within_ms: float) -> Finding:
    """The database read its clock at an unknown time within the query, so that uncertainty does not count as skew."""
    skew_ms = math.copysign(max(0.0, abs(skew_ms) - within_ms), skew_ms)
    said = f"this machine's clock is {abs(skew_ms):.0f} ms {'ahead of' if skew_ms > 0 else 'behind'} the database's"
    if abs(skew_ms) < SKEW_WARNING_MS:
        return ok("clock", said)
    told = problem if abs(skew_ms) >= SKEW_PROBLEM_MS else warning
    return told("clock", said, "synchronize both clocks with chrony or systemd-timesyncd")


def _schema(rows: list[tuple[int, int]]) -> Finding:
    known = migrate.known()
    newest, applied = known[-1].version, {version for version, _ in rows}
    needs = max((compatible for _, compatible in rows), default=0)
    said = f"schema {max(applied, default=0)}, for releases that know schema {needs} or newer; this one knows {newest}"
    pending = [migration.name for migration in known if migration.version not in applied]
    if needs > newest:
        return problem(
            "database.schema", said, "install the newer release, or restore a backup from before the upgrade"
        )
    if pending:
        return problem("database.schema", f"{said}; missing: {', '.join(pending)}", "run `sent migrate` once")
    return ok("database.schema", said)


async def _key(opened: Database, settings: Settings) -> Finding:
    try:
        where = await installation.examine_key(opened, settings)
    except SettingsError as error:
        return refused("master_key", error)
    return ok("master_key", where)
