"""The folder of an installation: its lock, its permissions and its files.

The default folder is ./.sent, so it may come with a cloned repository. No file in it is opened through a symbolic link,
because the author of a link could make us overwrite files of this user or change other programs' databases.
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
# All files that commands open here. All except the socket are regular files.
SOCKET = "admin.sock"
FILES = (
    LOCK_FILE,
    *(DATABASE_FILE + suffix for suffix in ("", "-wal", "-shm", "-journal")),
    "master.key",
    "demo.json",
    SOCKET,
)
KEPT = (DATABASE_FILE, "master.key", "demo.json")  # files of an earlier start
OTHERS_WRITE = 0o022


class HomeHeldError(Exception):
    """Another process holds the folder. `pid` is None if it cannot be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid

    @property
    def holder(self) -> str:
        return f"process {self.pid}" if self.pid else "another process"


class UnsafeHomeError(Exception):
    """A file in the folder has the wrong type. The message names it."""


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
        """Raises UnsafeHomeError for a link, dangling or not, and for any other file of the wrong type."""
        for name in FILES:
            check_file(self.path / name, is_socket=name == SOCKET)
        # `held` writes to the lock. The other files may have hard links, as in copies made with `cp -l`.
        lock = self.path / LOCK_FILE
        if lock.exists() and lock.stat().st_nlink > 1:
            raise UnsafeHomeError(f"{lock} is a hard link to another file; remove it, or use another --home")

    def notices(self) -> list[str]:
        """Reasons why other users may read or change this folder. Only for a folder that is held."""
        found: list[str] = []
        here, above = self.path.stat(), self.path.parent.stat()
        if here.st_uid != os.geteuid():
            found.append(f"{self.path} belongs to another user (uid {here.st_uid}), who can replace its files")
        if here.st_mode & OTHERS_WRITE:
            found.append(f"other users can write to {self.path}; run `chmod 700 {self.path}`")
        is_sticky = bool(above.st_mode & stat.S_ISVTX)
        if above.st_uid not in (0, os.geteuid()) or (above.st_mode & OTHERS_WRITE and not is_sticky):
            found.append(f"other users can replace {self.path}, because they can write to {self.path.parent}")
        if self._is_used() and self._made_as() != self._identity():
            found.append(
                f"{self.path} was copied, or came with a repository: other people may have its "
                "keys and accounts. If you did not put it here, use another folder (--home)"
            )
        return found

    def remember(self) -> None:
        """Note the folder's identity, so that the next start recognizes a copy. Only for a folder that is held."""
        descriptor = os.open(self.path / LOCK_FILE, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            self._write_lock(descriptor, self._identity())
        finally:
            os.close(descriptor)

    def _is_used(self) -> bool:
        return any((self.path / name).exists() for name in KEPT)

    def _identity(self) -> str:
        """An identity that changes when the folder is copied or unpacked, but not when it is moved."""
        return f"{self.path.stat().st_ino}-{(self.path / LOCK_FILE).lstat().st_ino}"

    def _made_as(self) -> str:
        lines = (self.path / LOCK_FILE).read_bytes()[:100].decode("ascii", "replace").split("\n")
        return lines[1] if len(lines) > 1 else ""

    def _write_lock(self, descriptor: int, identity: str) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n{identity}\n".encode(), 0)

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Lock the folder until the block or the process ends. Raises HomeHeldError and UnsafeHomeError immediately."""
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
    """Raises UnsafeHomeError unless the path is a regular file (or a socket) or does not exist."""
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
    """The content of a file of the folder. Raises UnsafeHomeError for a link, and FileNotFoundError."""
    check_file(path)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def write_private(path: Path, content: bytes) -> None:
    """Replace a file atomically. Other users can never read it."""
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
