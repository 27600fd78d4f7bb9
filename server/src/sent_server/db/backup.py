"""Online backups of a SQLite database, and the verification of a backup before it is restored."""
# Some types of apsw are incomplete.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from sent_server.db.errors import StorageError
from sent_server.kernel.values import value_object

SCHEMA = "SELECT MAX(version), MAX(compatible_version) FROM schema_info"
JOBS_BY_KIND = "SELECT kind, COUNT(*) FROM jobs GROUP BY kind"
POSTS_DUE = "SELECT COUNT(*) FROM deliveries WHERE due_at_ms IS NOT NULL"
# Global by nature: a backup has all tenants. The table exists since that schema.
POSTS_NOT_WRITTEN = "SELECT COALESCE(SUM(total - done), 0) FROM fan_outs"
NOT_WRITTEN_SINCE = 23
METADATA = "SELECT content FROM installation_metadata WHERE name = ?"
# The table had this name before schema 16.
OLDER_METADATA, NAMED_SO_SINCE = "SELECT content FROM settings_kept WHERE name = ?", 16


class BadCopyError(StorageError):
    """The file is damaged or not a database of this server. The message contains the reason."""


@value_object
class Copy:
    """The contents of a backup.

    `proof` identifies the master key, None if nothing is sealed. `jobs` is the number of waiting jobs by kind, `posts`
    the number of webhook deliveries that are due.
    """

    schema_version: int
    compatible_version: int
    proof: str | None
    jobs: dict[str, int]
    posts: int


def create(source: Path, target: Path) -> None:
    """Copy a snapshot to an empty file while writers continue. Raises BadCopyError if the copy is damaged.

    All pages are copied in one step. In WAL mode this blocks no writer, and a copy in several steps would start over at
    every write.
    """
    with _translated(source):
        reading = apsw.Connection(_uri(source, "mode=rw"), flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI)
        try:
            reading.set_busy_timeout(5_000)
            writing = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW)
            try:
                with writing.backup("main", reading, "main") as copying:
                    copying.step(-1)
                # The backup is one file, without a log next to it.
                writing.execute("PRAGMA journal_mode=DELETE").fetchall()
            finally:
                writing.close()
        finally:
            reading.close()
    verify(target, proof_name="")


def verify(file: Path, *, proof_name: str) -> Copy:
    """Read every page. Raises BadCopyError if the file is damaged or not a database of this server."""
    with _translated(file):
        opened = apsw.Connection(
            _uri(file, "mode=ro&immutable=1"), flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        try:
            said = _rows(opened, "PRAGMA integrity_check(1)")[0][0]
            if said != "ok":
                raise BadCopyError(f"{file} is damaged: {said}")
            version, compatible = _rows(opened, SCHEMA)[0]
            is_older = (version or 0) < NAMED_SO_SINCE
            kept = _rows(opened, OLDER_METADATA if is_older else METADATA, proof_name)
            due = dict(_rows(opened, JOBS_BY_KIND))
            posts = _rows(opened, POSTS_DUE)[0][0]
            if (version or 0) >= NOT_WRITTEN_SINCE:
                posts += _rows(opened, POSTS_NOT_WRITTEN)[0][0]
        finally:
            opened.close()
    return Copy(version or 0, compatible or 0, kept[0][0] if kept else None, due, posts)


def copy_durably(source: Path, target: Path) -> None:
    """Copy a file so that the copy survives a power cut."""
    with source.open("rb") as reading, target.open("xb") as writing:
        while portion := reading.read(1 << 20):
            writing.write(portion)
        writing.flush()
        os.fsync(writing.fileno())


def fsync_directory(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rows(opened: apsw.Connection, sql: str, *values: str) -> list[Any]:
    return opened.execute(sql, values).fetchall()


def _uri(file: Path, options: str) -> str:
    return f"file:{quote(str(file.resolve()))}?{options}"


@contextmanager
def _translated(file: Path) -> Generator[None]:
    try:
        yield
    except apsw.FullError as error:
        raise BadCopyError("the disk is full; choose a folder with more room") from error
    except apsw.BusyError as error:
        raise BadCopyError(f"another program holds {file} locked; try again") from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise BadCopyError(f"{file} is damaged or not SQLite") from error
    except apsw.CantOpenError as error:
        raise BadCopyError(f"{file} cannot be opened; check the path") from error
    except apsw.SQLError as error:
        raise BadCopyError(f"{file} is not a database of this server: {error}") from error
