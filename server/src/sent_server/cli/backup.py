"""`sent backup` and `sent restore`: copy the SQLite file and its master key, and put them back."""

import contextlib
import os
import time
from collections.abc import Generator
from pathlib import Path
from urllib.parse import unquote

from sent_server import installation as installations
from sent_server.cli import home as homes
from sent_server.cli import installation
from sent_server.cli.failures import CommandError
from sent_server.cli.home import PRIVATE_FOLDER, Home, HomeHeldError
from sent_server.db import backup, migrate
from sent_server.db.backup import Copy
from sent_server.messages.topics import DISPATCH
from sent_server.settings import Settings, SettingsError

KEY_SUFFIX = ".master.key"
USE_PG_DUMP = "this installation is on PostgreSQL; back it up with pg_dump, as docs/how-to/deploy.md shows"
USE_PG_RESTORE = "this installation is on PostgreSQL; restore it with pg_restore, as docs/how-to/deploy.md shows"


def back_up(home: Path | None, database: str | None, file: Path) -> dict[str, object]:
    """Back up, with or without a running server. Only a verified copy replaces an older FILE.

    Returns a description of the backup. Raises CommandError and BadCopyError.
    """
    settings = installation.settings_of(home, database)
    Home(Path(settings.home).resolve()).check()
    source = _database_file(settings, otherwise=USE_PG_DUMP)
    if not source.exists():
        raise CommandError(f"{source} does not exist, so there is nothing to back up; check --home")
    if file.is_dir() or not file.parent.is_dir():
        raise CommandError(f"{file} cannot be written; name a file in a folder that exists")
    if file.exists() and file.samefile(source):
        raise CommandError(f"{file} is the database itself; choose another file")
    part = file.parent.resolve() / f".{file.name}.{os.getpid()}.part"
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, homes.PRIVATE_FILE))
        backup.create(source, part)
        found = backup.verify(part, proof_name=installations.PROOF)
        descriptor = os.open(part, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        os.replace(part, file)
    finally:
        for leftover in (part, part.with_name(part.name + "-journal")):
            leftover.unlink(missing_ok=True)
    key = Path(settings.home) / installations.MASTER_KEY_FILE
    kept = _key_of(file)
    if settings.master_key:
        said = "not copied: it is in SENT_MASTER_KEY; without it, sealed secrets in the backup cannot be read"
    elif key.exists():
        homes.write_private(kept, homes.read_private(key))
        said = f"copied to {kept}; anyone who has both files can read everything"
    else:
        said = "this installation has no master key yet"
    backup.fsync_directory(file.parent.resolve())
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "schema_version": found.schema_version,
        "integrity": "ok",
        "master_key": said,
    }


def restore(home: Path | None, database: str | None, file: Path, *, force: bool) -> dict[str, object]:
    """Restore. Returns what the next start will send. Raises CommandError before anything is changed."""
    settings = installation.settings_of(home, database)
    target = _database_file(settings, otherwise=USE_PG_RESTORE)
    if not file.is_file():
        raise CommandError(f"{file} does not exist; name a file written by `sent backup`")
    if target.exists() and file.samefile(target):
        raise CommandError(f"{file} is the database itself; name a backup")
    folder = Home(Path(settings.home).resolve())
    with _alone(folder):
        found = backup.verify(file, proof_name=installations.PROOF)
        newest = migrate.known()[-1].version
        if found.compatible_version > newest:
            raise CommandError(
                f"{file} has schema {found.schema_version}, which needs a release that knows schema "
                f"{found.compatible_version}; this one knows {newest}. Install the newer release first"
            )
        if target.exists() and not force:
            raise CommandError(f"{target} exists; --force renames it and restores the backup")
        key = _checked_key(file, found, settings)
        target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            backup.copy_durably(file, part)
            part.chmod(homes.PRIVATE_FILE)
            aside = _put_aside(target, folder.path / installations.MASTER_KEY_FILE, key)
            if key is not None:
                homes.write_private(folder.path / installations.MASTER_KEY_FILE, key)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
        backup.fsync_directory(target.parent)
    to_submit = sum(count for kind, count in found.jobs.items() if kind.startswith(DISPATCH))
    return {
        "file": str(target),
        "schema_version": found.schema_version,
        "put_aside": aside,
        "messages_to_submit": to_submit,
        "webhooks_to_post": found.posts,
        "note": "messages and webhooks sent after the backup are sent again; messages accepted after it are lost",
    }


def _checked_key(file: Path, found: Copy, settings: Settings) -> bytes | None:
    """The key to copy to the folder, None if the right one is there. Raises CommandError if no key opens the backup."""
    beside = _key_of(file)
    if settings.master_key or not beside.exists():
        try:
            installations.examine_key_of(found.proof, settings)
        except SettingsError as error:
            raise CommandError(f"{error} (the key of the backup would be in {beside})") from None
        return None
    try:
        installations.examine_key_text(found.proof, beside.read_text(encoding="ascii").strip(), str(beside))
    except (SettingsError, UnicodeDecodeError) as error:
        raise CommandError(f"{beside} does not belong to {file}: {error}") from None
    return beside.read_bytes()


def _put_aside(target: Path, key_file: Path, key: bytes | None) -> str | None:
    """Rename the old database with its log, and its key if that changes. Returns the new name."""
    if not target.exists():
        return None
    name = f"{target.name}.replaced-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}"
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.replace(target.with_name(target.name + suffix), target.with_name(name + suffix))
    if key is not None and key_file.exists() and key_file.read_bytes() != key:
        os.replace(key_file, _key_of(target.with_name(name)))
    return str(target.with_name(name))


@contextlib.contextmanager
def _alone(folder: Home) -> Generator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(folder.held())
        except HomeHeldError as held:
            raise CommandError(f"{held.holder} uses {folder.path}; stop it first") from None
        yield


def _key_of(file: Path) -> Path:
    return file.with_name(file.name + KEY_SUFFIX)


def _database_file(settings: Settings, *, otherwise: str) -> Path:
    if not installation.is_sqlite(settings):
        raise CommandError(otherwise)
    if settings.database_url:
        return Path(unquote(settings.database_url.removeprefix("sqlite:///"))).resolve()
    return Path(settings.home).resolve() / "sent.db"
