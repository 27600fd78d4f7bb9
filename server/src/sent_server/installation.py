"""The identity of an installation: the id in its database, and the master key that seals its secrets.

The database stores a proof of the key: a known word, sealed. A process with another key is refused before it writes
secrets that the other processes cannot open.
"""

import errno
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag

from sent_server.db import Database, metadata
from sent_server.kernel.sealing import Sealer
from sent_server.settings import Settings, SettingsError

MASTER_KEY_FILE = "master.key"
MASTER_KEY_BYTES = 32
ID = "installation_id"
PROOF = "master_key_proof"
WORD = "sent"
NOT_THIS_KEY = (
    "the master key in {source} is not the one this database was sealed with; "
    "use the key of the process that created it (its SENT_MASTER_KEY or HOME/master.key)"
)
MADE_LIKE_THIS = "create one with `openssl rand -hex 32` and use it for all processes"


async def identify(database: Database) -> str:
    """The id is the same for all processes. It separates installations that share a broker or a cache."""
    await database.write(lambda tx: metadata.put_first(tx, ID, secrets.token_hex(8)))
    found = await database.read(lambda tx: metadata.read(tx, ID))
    assert found
    return found


async def open_sealer(database: Database, settings: Settings, *, may_make: bool) -> Sealer:
    """The key is that of the settings or else of HOME/master.key, which the first start creates if `may_make`.

    Raises SettingsError if the key is missing, malformed or not this installation's.
    """
    proof = await database.read(lambda tx: metadata.read(tx, PROOF))
    file = Path(settings.home) / MASTER_KEY_FILE
    text = settings.master_key or _from(file)
    if not text:
        if proof is not None or not may_make:
            missing = "of this installation " if proof is not None else ""
            raise SettingsError(
                f"the master key {missing}is missing: set SENT_MASTER_KEY, or put it into {file}; {_advice(proof)}"
            )
        text = _made(file)
    source = "SENT_MASTER_KEY" if settings.master_key else str(file)
    sealer = Sealer(_parsed(text, source))
    if proof is None:
        made = sealer.seal(WORD, row_id=PROOF)
        await database.write(lambda tx: metadata.put_first(tx, PROOF, made))
        proof = await database.read(lambda tx: metadata.read(tx, PROOF))
    if not _opens(sealer, proof or ""):
        raise SettingsError(NOT_THIS_KEY.format(source=source))
    return sealer


async def examine_key(database: Database, settings: Settings) -> str:
    """Describes the source of the key, and changes nothing. Raises SettingsError like `open_sealer`."""
    proof = await database.read(lambda tx: metadata.read(tx, PROOF))
    return examine_key_of(proof, settings)


def examine_key_of(proof: str | None, settings: Settings) -> str:
    """The same for the proof from a database that is not open, such as a backup."""
    file = Path(settings.home) / MASTER_KEY_FILE
    text = settings.master_key or _from(file)
    source = "SENT_MASTER_KEY" if settings.master_key else str(file)
    if not text:
        if proof is None:
            return f"the first start creates {file}"
        raise SettingsError(f"the master key is neither in SENT_MASTER_KEY nor in {file}; {_advice(proof)}")
    examine_key_text(proof, text, source)
    return f"the key in {source} opens the sealed secrets" if proof else f"the key in {source} is not used yet"


def examine_key_text(proof: str | None, text: str, source: str) -> None:
    """Raises SettingsError if the text is not a key, or not the key that sealed the proof."""
    sealer = Sealer(_parsed(text, source))
    if proof is not None and not _opens(sealer, proof):
        raise SettingsError(NOT_THIS_KEY.format(source=source))


def _opens(sealer: Sealer, proof: str) -> bool:
    try:
        return sealer.open(proof, row_id=PROOF) == WORD
    except (InvalidTag, ValueError):
        return False


def _advice(proof: str | None) -> str:
    return "copy it from the process that created the database" if proof is not None else MADE_LIKE_THIS


def _parsed(text: str, source: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise SettingsError(f"the master key in {source} must be {2 * MASTER_KEY_BYTES} hex digits; {MADE_LIKE_THIS}")
    return key


def _from(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return ""
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SettingsError(
                f"{file} is a symbolic link, which is not followed; replace it with the key file"
            ) from None
        raise
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read().decode("ascii", "replace").strip()


def _made(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _from(file)
    text = secrets.token_hex(MASTER_KEY_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    return text
