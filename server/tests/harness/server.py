"""A real server process, and the operator's commands against it."""

import itertools
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from harness.client import Client
from harness.server_logs import ServerLog
from sent_server.cli import admin_socket

READY_TIMEOUT_S = 90.0
_numbers = itertools.count(1)


class ServerStartError(AssertionError):
    pass


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant of a running server with its admin key; `http` speaks with that key."""

    customer_id: str
    api_key: str
    http: Client = field(repr=False)


@dataclass
class Server:
    """One running `sent up`. The fields are those of its ready line."""

    base_url: str
    api_key: str
    customer_id: str
    sender_numbers: dict[str, str]
    template_ids: dict[str, str]
    home: Path
    pid: int
    database_url: str
    backend: str
    http: Client = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)
    errors: ServerLog = field(repr=False)

    def client(self, api_key: str | None = None, **headers: str) -> Client:
        """Another client; without a key the demo account's."""
        return self.http.acting_as(self.api_key if api_key is None else api_key, **headers)

    def anonymous(self) -> Client:
        return self.http.acting_as(None)

    def operate(self, *arguments: str) -> Any:
        """Run `sent ARGUMENTS --home HOME --json`; returns what it printed."""
        return operate(self.home, *arguments)

    def create_account(
        self, name: str | None = None, *, tier: str = "unlimited", status: str = "ACTIVE", balance: str = "1000"
    ) -> Account:
        """A new organization with channels, balance and an admin key."""
        made = self.ask("accounts create", name=name or f"Tenant {next(_numbers)}", tier=tier)
        customer_id: str = made["customer_id"]
        if balance != "0":
            self.ask("accounts top-up", customer_id=customer_id, amount=balance)
        if status != made["status"]:
            self.ask("accounts set-status", customer_id=customer_id, status=status)
        return self.account(customer_id, self.create_key(customer_id))

    def create_profile(self, organization_id: str, name: str = "A profile") -> Account:
        """A profile of an organization, with a key of its own."""
        customer_id: str = self.ask("accounts create", name=name, profile_of=organization_id)["customer_id"]
        return self.account(customer_id, self.create_key(organization_id, profile=customer_id))

    def create_key(self, customer_id: str, *, role: str = "admin", profile: str | None = None) -> str:
        made = self.ask("keys create", customer_id=customer_id, role=role, profile_id=profile)
        return str(made["api_key"])

    def revoke_key(self, key_id: str) -> None:
        self.ask("keys revoke", key_id=key_id)

    def ask(self, operation: str, **arguments: Any) -> Any:
        """What `operate` does, a hundred times faster: straight to the socket that the command would use."""
        return admin_socket.ask(self.home / "admin.sock", operation, arguments)

    def account(self, customer_id: str, api_key: str) -> Account:
        return Account(customer_id, api_key, self.client(api_key))

    def kill(self) -> None:
        """As a power cut would, as far as the process is concerned."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(60)

    def stop(self) -> int:
        """Ask it to end; returns the exit code."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(60)
        return self.process.returncode


class OwnServer(Protocol):
    def __call__(
        self,
        *,
        home: Path | None = None,
        database_url: str | None = None,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        tier: str = "unlimited",
    ) -> Server: ...


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: ours without any SENT_ setting of the developer's shell.

    Loopback egress is open on PostgreSQL, too, because the receivers of the tests live on 127.0.0.1.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SENT_")}
    clean["SENT_EGRESS_ALLOW_LOOPBACK"] = "true"  # receivers of the tests listen on this machine
    # Several processes of tests, with several servers each, share one PostgreSQL of a hundred connections.
    return {**clean, "PYTHONUNBUFFERED": "1", "SENT_TESTING": "1", "SENT_DATABASE_CONNECTIONS": "4", **(extra or {})}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sent_server.cli.main", *arguments]


def start(
    home: Path,
    backend: str,
    *,
    database_url: str,
    flags: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    tier: str = "unlimited",
    program: Callable[..., list[str]] | None = None,
) -> Server:
    """Start `sent up` and wait until it says that it is ready. Raises ServerStartError with its output."""
    arguments = ["up", "--home", str(home), "--port", "0", "--json", "--tier", tier, *flags]
    if backend != "sqlite":
        arguments += ["--database", database_url]
    process = subprocess.Popen(
        (program or command)(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=environment(env),
    )
    ready, errors = until_ready(process, "sent up")
    return Server(
        base_url=ready["base_url"],
        api_key=ready["api_key"],
        customer_id=ready["customer_id"],
        sender_numbers=ready["sender_numbers"],
        template_ids=ready["template_ids"],
        home=home,
        pid=ready.get("pid", process.pid),
        database_url=database_url,
        backend=backend,
        http=Client(ready["base_url"], ready["api_key"]),
        process=process,
        errors=errors,
    )


def operate(home: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [*command(*arguments), "--home", str(home), "--json"],
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    output = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"sent {' '.join(arguments)} ended with {done.returncode}:\n{output}"
    return orjson.loads(done.stdout) if done.stdout.strip() else None


def until_ready(process: subprocess.Popen[bytes], name: str) -> tuple[Any, ServerLog]:
    """The JSON line of a process that serves, and its log. Raises ServerStartError."""
    log = ServerLog(f"{name} (pid {process.pid})")
    threading.Thread(target=_drain, args=(process.stderr, log.append), daemon=True).start()
    ready = orjson.loads(_ready_line(process, log))
    log.name += f" at {ready['base_url']}"
    threading.Thread(target=_drain, args=(process.stdout, lambda line: None), daemon=True).start()
    return ready, log


def _ready_line(process: subprocess.Popen[bytes], log: ServerLog) -> bytes:
    assert process.stdout is not None
    deadline = time.monotonic() + READY_TIMEOUT_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if selector.select(0.1):
                line = process.stdout.readline()
                if line.strip():
                    return line
            if process.poll() is not None:
                break
    process.kill()
    code = process.wait(60)
    process.stdout.close()
    time.sleep(0.1)  # let the reader of stderr finish
    raise ServerStartError(f"sent did not get ready (exit code {code}):\n{log.text}")


def _drain(pipe: Any, take: Callable[[bytes], object]) -> None:
    with pipe:
        for line in pipe:
            take(line)
