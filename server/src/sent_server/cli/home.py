"""The folder of an installation: who may use it, and the files that are in it.

The default folder is ./.sent, so it can come along with a repository. No file in it is opened through a symbolic link:
a link would let its author have files of this user overwritten, or other programs' databases changed.
"""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path

from sent_server.kernel.values import value_object

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
LOCK_FILE = "sent.lock"
DATABASE_FILE = "sent.db"
# Everything that a command opens here. The socket is a socket, the others are regular files.
SOCKET = "admin.sock"
FILES = (
    LOCK_FILE,
    *(DATABASE_FILE + suffix for suffix in ("", "-wal", "-shm", "-journal")),
    "master.key",
    "demo.json",
    SOCKET,
)
KEPT = (DATABASE_FILE, "master.key", "demo.json")  # what an earlier start leaves
OTHERS_WRITE = 0o022


class HomeHeldError(Exception):
    """Another process has the folder. `pid` is None when it could not be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid

    @property
    def holder(self) -> str:
        return f"process {self.pid}" if self.pid else "another process"


class UnsafeHomeError(Exception):
    """A file in the folder is not what it has to be; the message names it."""


@value_object
class Home:
    path: Path

    @property
    def demo_file(self) -> Path:
        return self.path / "demo.json"

    @property
    def admin_socket(self) -> Path:
        return self.path / SOCKET

    def check(self) -> None:
        """Raises UnsafeHomeError for a link, dangling or not, and for anything else that is no plain file."""
        for name in FILES:
            check_file(self.path / name, is_socket=name == SOCKET)
        # Holding the folder writes to this file at once; a copy kept by hard links has such names for the others, too.
        lock = self.path / LOCK_FILE
        if lock.exists() and lock.stat().st_nlink > 1:
            raise UnsafeHomeError(f"{lock} is a hard link to another file; remove it, or use another --home")

    def notices(self) -> list[str]:
        """Why somebody else may know or change what is here. Only for a folder that is held."""
        found: list[str] = []
        here, above = self.path.stat(), self.path.parent.stat()
        if here.st_uid != os.geteuid():
            found.append(f"{self.path} belongs to another user (uid {here.st_uid}), who can replace what is in it")
        if here.st_mode & OTHERS_WRITE:
            found.append(f"other users can write to {self.path}; `chmod 700 {self.path}` closes that")
        is_sticky = bool(above.st_mode & stat.S_ISVTX)
        if above.st_uid not in (0, os.geteuid()) or (above.st_mode & OTHERS_WRITE and not is_sticky):
            found.append(f"other users can replace {self.path}, because they can write to {self.path.parent}")
        if self._is_used() and self._made_as() != self._identity():
            found.append(
                f"{self.path} was copied, or came with something else such as a repository: other people may have its "
                "keys and accounts. If you did not put it here, use another folder (--home)"
            )
        return found

    def remember(self) -> None:
        """This folder is the one that it was at the last start. Only while it is held."""
        descriptor = os.open(self.path / LOCK_FILE, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            self._write_lock(descriptor, self._identity())
        finally:
            os.close(descriptor)

    def _is_used(self) -> bool:
        return any((self.path / name).exists() for name in KEPT)

    def _identity(self) -> str:
        """Changes when the folder is copied or unpacked, not when it is moved."""
        return f"{self.path.stat().st_ino}-{(self.path / LOCK_FILE).lstat().st_ino}"

    def _made_as(self) -> str:
        lines = (self.path / LOCK_FILE).read_bytes()[:100].decode("ascii", "replace").split("\n")
        return lines[1] if len(lines) > 1 else ""

    def _write_lock(self, descriptor: int, identity: str) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n{identity}\n".encode(), 0)

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Hold the folder alone, until the block or the process ends. Raises HomeHeldError, UnsafeHomeError at once."""
        self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self.check()
        is_new = not self._is_used()
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path / LOCK_FILE, flags, PRIVATE_FILE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = os.pread(descriptor, 20, 0).partition(b"\n")[0]
                raise HomeHeldError(int(text) if text.isdigit() else None) from None
            self._write_lock(descriptor, self._identity() if is_new else self._made_as())
            yield
        finally:
            os.close(descriptor)


def check_file(path: Path, *, is_socket: bool = False) -> None:
    """Raises UnsafeHomeError for a link and for what is no file (or socket); a missing one is fine."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise UnsafeHomeError(f"{path} is a symbolic link, which is not followed; remove it, or use another --home")
    if not (stat.S_ISSOCK(mode) if is_socket else stat.S_ISREG(mode)):
        kind = "socket" if is_socket else "regular file"
        raise UnsafeHomeError(f"{path} is not a {kind}; remove it, or use another --home")


def read_private(path: Path) -> bytes:
    """The content of a file of the folder. Raises UnsafeHomeError for a link, FileNotFoundError."""
    check_file(path)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step; nobody else can read it, not even for a moment."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
