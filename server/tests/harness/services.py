"""Private brokers and caches on random ports, for tests that kill them. Those on the standard ports are left alone."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

START_WITHIN_S = 90
# Debian puts servers where an ordinary user's PATH does not look.
FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"


class NoServiceError(Exception):
    pass


@dataclass
class Service:
    """One program of ours on 127.0.0.1. `kill` is kill -9; `start` again keeps port and store."""

    name: str
    command: Sequence[str]
    port: int
    store: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Returns once the port answers. Raises NoServiceError."""
        self.store.mkdir(parents=True, exist_ok=True)
        with (self.store.parent / f"{self.name}.log").open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output, cwd=self.store)
        deadline_s = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline_s and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise NoServiceError(f"{self.name} did not start; see {output.name}")

    def kill(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)
            self.process = None

    def erase(self) -> None:
        shutil.rmtree(self.store, ignore_errors=True)


def nats(folder: Path, *, jetstream: bool = True) -> Service:
    """Raises NoServiceError when this machine has no NATS."""
    port, store = free_port(), folder / "nats"
    command = [program("nats-server"), "-a", "127.0.0.1", "-p", str(port)]
    return _started("nats", [*command, "-js", "-sd", str(store)] if jetstream else command, port, store)


def redis(folder: Path) -> Service:
    """Redis or Valkey. Raises NoServiceError when this machine has neither."""
    port, store = free_port(), folder / "redis"
    command = [program("redis-server", "valkey-server"), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    return _started("redis", [*command, "--dir", str(store)], port, store)


def _started(name: str, command: Sequence[str], port: int, store: Path) -> Service:
    service = Service(name, command, port, store)
    service.start()
    return service


def program(*names: str) -> str:
    for name in names:
        found = shutil.which(name) or shutil.which(name, path=FOLDERS)
        if found:
            return found
    raise NoServiceError(f"no {' or '.join(names)} on this machine (Debian: apt install {names[0]})")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
