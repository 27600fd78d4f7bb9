"""Starts what a benchmark measures, each in a process of its own, and reads what it used from /proc."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

READY_TIMEOUT_S = 30.0
MAX_SAID = 2_000
# Default addresses of the services of this machine.
DATABASE, BUS, CACHE = "postgresql://postgres@127.0.0.1/postgres", "nats://127.0.0.1:4222", "redis://127.0.0.1:6379"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# The server then accepts and stores, and leaves dispatching, receipts and webhooks undone.
NO_WORKERS = {"SENT_BENCH_NO_WORKERS": "1"}


@dataclass
class Running:
    """A process that has printed its ready line; `ready` is that line."""

    ready: dict[str, Any]
    process: subprocess.Popen[bytes] = field(repr=False)
    tail: list[bytes] = field(default_factory=list[bytes], repr=False)

    @property
    def port(self) -> int:
        return urlsplit(str(self.ready["base_url"])).port or 80

    @property
    def pid(self) -> int:
        return int(self.ready["pid"])

    def cpu_s(self) -> float:
        """User and system time so far."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_S

    def memory_mb(self, which: str = "RssAnon") -> float:
        """Memory of its own; `VmRSS` adds pages of mapped files, which is the system's cache of the database."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(which):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


@contextlib.contextmanager
def sent_up(home: Path, *, database: str = "", env: Mapping[str, str] | None = None) -> Generator[Running]:
    """The product, with a demo account that no limit holds back and a balance that no benchmark spends."""
    arguments = ["up", "--home", str(home), "--port", "0", "--json", "--tier", "unlimited"]
    if database:
        arguments += ["--database", database]
    with _started([sys.executable, "-m", "sent_server.cli.main", *arguments], env) as running:
        _top_up(home, running.ready["customer_id"], database, env or {})
        yield running


@contextlib.contextmanager
def role(name: str, env: Mapping[str, str]) -> Generator[Running]:
    """`sent api` or `sent worker`; `env` names the home, the database and what it shares."""
    arguments = ["--port", "0"] if name == "api" else []
    with _started([sys.executable, "-m", "sent_server.cli.main", name, "--json", *arguments], env) as running:
        yield running


@contextlib.contextmanager
def module(name: str, *arguments: str) -> Generator[Running]:
    """One of our own: `bench.bare`, `bench.receiver`."""
    with _started([sys.executable, "-m", name, *arguments], None) as running:
        yield running


@contextlib.contextmanager
def command(words: Sequence[str], env: Mapping[str, str] | None = None) -> Generator[Running]:
    """Anything that prints a ready line, such as the `sent up` of another checkout."""
    with _started(words, env) as running:
        yield running


@contextlib.contextmanager
def _started(command: Sequence[str], env: Mapping[str, str] | None) -> Generator[Running]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SENT_")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**clean, **(env or {})}, stdin=subprocess.DEVNULL
    )
    tail: list[bytes] = []
    threading.Thread(target=_keep_tail, args=(process.stderr, tail), daemon=True).start()
    running = Running(_ready_line(process, tail), process, tail)
    threading.Thread(target=_keep_tail, args=(process.stdout, []), daemon=True).start()
    try:
        yield running
    except Exception as error:
        said = b"".join(tail).decode(errors="replace")[-MAX_SAID:]
        error.add_note(f"{command[2]} said last:\n{said}")
        raise
    finally:
        running.stop()


def _ready_line(process: subprocess.Popen[bytes], tail: list[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    timer = threading.Timer(READY_TIMEOUT_S, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
    finally:
        timer.cancel()
    if not line.strip():
        process.wait(10)
        time.sleep(0.2)  # let the reader of stderr finish
        raise RuntimeError(f"{process.args} did not get ready:\n" + b"".join(tail).decode(errors="replace"))
    ready: dict[str, Any] = json.loads(line)
    return {"pid": process.pid, **ready}


def _keep_tail(pipe: Any, tail: list[bytes]) -> None:
    for line in pipe:
        tail.append(line)
        del tail[:-200]


def _top_up(home: Path, customer_id: str, database: str, server_env: Mapping[str, str]) -> None:
    env = {**server_env, "SENT_HOME": str(home), **({"SENT_DATABASE_URL": database} if database else {})}
    operate(env, "accounts", "top-up", customer_id, "10000000")


def operate(env: Mapping[str, str], *arguments: str) -> Any:
    """Run `sent ARGUMENTS --json`; returns what it printed. `env` names the installation."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SENT_")}
    done = subprocess.run(
        [sys.executable, "-m", "sent_server.cli.main", *arguments, "--json"],
        capture_output=True,
        env={**clean, **env},
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"sent {' '.join(arguments)} failed: {(done.stdout + done.stderr).decode(errors='replace')}")
    return json.loads(done.stdout) if done.stdout.strip() else None


@dataclass(frozen=True, slots=True)
class ServiceProcesses:
    """All processes of PostgreSQL, NATS and Redis on this machine: they work for the server that is measured."""

    names: tuple[str, ...] = ("(postgres", "(nats-server", "(redis-server")

    def cpu_s(self) -> float:
        total_s = 0.0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                before, _, after = file.read_text().rpartition(")")
                if before.endswith(self.names):
                    fields = after.split()
                    total_s += (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        return total_s


def behind(database: str) -> list[ServiceProcesses]:
    """What works for a server besides itself."""
    return [ServiceProcesses()] if database else []


def machine_busy_s() -> float:
    """CPU seconds that everything on this machine has used since it started."""
    fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / TICKS_PER_S
