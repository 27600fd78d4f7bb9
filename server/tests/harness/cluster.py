"""Several processes over one PostgreSQL: `sent api` and `sent worker` as an operator starts them."""

import json
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import samples, server
from harness.client import Client
from harness.server import Account
from harness.server_logs import ServerLog


@dataclass
class Process:
    """One running role. `base_url` is where it answers requests, or a worker its health checks."""

    role: str
    base_url: str | None
    process: subprocess.Popen[bytes] = field(repr=False)
    errors: ServerLog = field(repr=False)
    asked: bool = False
    clients: list[Client] = field(default_factory=list, repr=False)

    def client(self, api_key: str | None = None) -> Client:
        assert self.base_url
        self.clients.append(Client(self.base_url, api_key))
        return self.clients[-1]

    def kill(self) -> None:
        """As a power cut would, as far as the process is concerned."""
        self.process.kill()
        self.process.wait(60)

    def ask_to_stop(self) -> None:
        """Once: the second signal would mean at once."""
        if not self.asked and self.process.poll() is None:
            self.process.terminate()
        self.asked = True

    def stop(self) -> int:
        """Ask it to end; returns the exit code."""
        for client in self.clients:
            client.close()
        self.ask_to_stop()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
        return self.process.returncode

    @property
    def said(self) -> str:
        return self.errors.text


@dataclass
class Cluster:
    """`env` is what every process shares: database, bus, cache and master key."""

    home: Path
    env: dict[str, str]
    started: list[Process] = field(default_factory=list)
    program: Callable[..., list[str]] = server.command

    @classmethod
    def over(cls, home: Path, database_url: str, *, bus_url: str = "", cache_url: str = "") -> "Cluster":
        """A migrated database, and no process yet."""
        env = {
            "SENT_HOME": str(home),
            "SENT_DATABASE_URL": database_url,
            "SENT_BUS_URL": bus_url,
            "SENT_CACHE_URL": cache_url,
            "SENT_DATABASE_CONNECTIONS": "5",  # many suites share one PostgreSQL
            "SENT_MASTER_KEY": secrets.token_hex(32),
        }
        made = cls(home, env)
        made.command("migrate")
        return made

    def api(self, env: Mapping[str, str] | None = None, *, port: int = 0) -> Process:
        return self._start("api", ["--port", str(port)], env)

    def worker(self, env: Mapping[str, str] | None = None) -> Process:
        return self._start("worker", [], env)

    def command(self, *arguments: str) -> Any:
        """Run `sent ARGUMENTS --json`; returns what it printed."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def attempt(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """The same for a command that may fail."""
        return subprocess.run(
            [*server.command(*arguments), "--json"],
            capture_output=True,
            env=server.environment({**self.env, **(env or {})}),
            timeout=60,
            check=False,
        )

    def account(self, api: Process, *, tier: str = "unlimited") -> Account:
        """A new organization with balance and an admin key, which speaks to that process."""
        made = self.command("accounts", "create", "Cluster", "--tier", tier)
        self.command("accounts", "top-up", made["customer_id"], "1000")
        key = self.command("keys", "create", made["customer_id"])["api_key"]
        return Account(made["customer_id"], key, api.client(key))

    def stop(self) -> None:
        for one in self.started:
            one.ask_to_stop()
        for one in self.started:
            one.stop()

    def _start(self, role: str, flags: Sequence[str], env: Mapping[str, str] | None) -> Process:
        process = subprocess.Popen(
            [*self.program(role, "--json"), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=server.environment({**self.env, **(env or {})}),
        )
        ready, errors = server.until_ready(process, f"sent {role}")
        one = Process(role, ready["base_url"], process, errors)
        self.started.append(one)
        return one


def template(account: Account) -> str:
    """The id of a template that SMS may use at once."""
    made = account.http.post("/v3/templates", samples.template())
    assert made.status == 201, made.body
    return str(made.data["id"])


def send(account: Account, template_id: str, count: int, **options: Any) -> list[str]:
    """One request with that many recipients; returns the message ids."""
    body = {"to": [samples.phone() for _ in range(count)], "template": {"id": template_id}, "channel": ["sms"]}
    answer = account.http.post("/v3/messages", body, **options)
    assert answer.status == 202, answer.body
    return [recipient["message_id"] for recipient in answer.data["recipients"]]
