"""The folder of an installation: who may use it, and the files that stand in it."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class HomeHeldError(Exception):
    """Another process has the folder. `pid` is None when it could not be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid

    @property
    def holder(self) -> str:
        return f"process {self.pid}" if self.pid else "another process"


@dataclass(frozen=True, slots=True)
class Home:
    path: Path

    @property
    def demo_file(self) -> Path:
        return self.path / "demo.json"

    @property
    def admin_socket(self) -> Path:
        return self.path / "admin.sock"

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Hold the folder alone, until the block or the process ends. Raises HomeHeldError at once."""
        self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(self.path / "sent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = os.pread(descriptor, 20, 0).strip()
                raise HomeHeldError(int(text) if text.isdigit() else None) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
            yield
        finally:
            os.close(descriptor)


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
