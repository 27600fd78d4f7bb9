"""Finds or starts a PostgreSQL for the tests, and makes one database per use in it.

Order: SENT_TEST_DATABASE_URL, the server at 127.0.0.1:5432, a private one from Debian's binaries in a temporary folder.
"""

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

LOCAL_URL = "postgresql://postgres@127.0.0.1:5432/postgres"
START_TIMEOUT_S = 90
# Of the process, not of one `Postgres`: two that found the same server must not make the same database.
_numbers = itertools.count()


class NoPostgresError(Exception):
    pass


@dataclass
class Postgres:
    """`url` reaches a database that may create others; `private_home` is set when the tests started the server."""

    url: str
    private_home: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    command: Sequence[str] = ()
    made: list[str] = field(default_factory=list)

    def create_database(self, *, template: str | None = None) -> str:
        """Make an empty database, or a copy of the one at the URL `template`, which nobody may use meanwhile.

        Returns its URL.
        """
        name = f"sent_test_{os.getpid()}_{next(_numbers)}"
        source = f' TEMPLATE "{urlsplit(template).path[1:]}"' if template else ""
        _run(self.url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"{source}')
        self.made.append(name)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def run(self, sql: str) -> None:
        """One statement in the database that we were given, not in one that we made."""
        _run(self.url, sql)

    def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate`: no goodbyes, no checkpoint. Only for a private server."""
        assert self.process
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)

    def start(self) -> None:
        """Returns once it answers. Only for a private server. Raises NoPostgresError."""
        assert self.private_home
        with (self.private_home / "log").open("ab") as output:
            self.process = process = subprocess.Popen(
                self.command, stdout=output, stderr=output, user=_unprivileged_user(), cwd=self.private_home
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                _run(self.url, "SELECT 1")
                return
            except (OSError, asyncpg.PostgresError, TimeoutError) as error:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise NoPostgresError(f"the private PostgreSQL did not start: {error}") from error
                time.sleep(0.05)

    def close(self) -> None:
        if self.made and not self.private_home:
            _run(self.url, *(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in self.made))
        if self.process:
            self.process.terminate()
            self.process.wait(60)
        if self.private_home:
            shutil.rmtree(self.private_home, ignore_errors=True)


def find() -> Postgres:
    """Raises NoPostgresError with the reason when there is none to be had."""
    given = os.environ.get("SENT_TEST_DATABASE_URL")
    if given:
        _run(given, "SELECT 1")
        return Postgres(given)
    try:
        _run(LOCAL_URL, "SELECT 1")
    except (OSError, asyncpg.PostgresError, TimeoutError) as refused:
        return start_private(why=f"127.0.0.1:5432 says: {refused}; and ")
    return Postgres(LOCAL_URL)


def start_private(*, why: str = "") -> Postgres:
    """Raises NoPostgresError when this machine has no binaries."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    binaries = found[-1].parent if found else Path(on_path).resolve().parent if on_path else None
    if binaries is None or not (binaries / "initdb").exists():
        raise NoPostgresError(f"{why}no PostgreSQL binaries to start one with (Debian: apt install postgresql)")
    home = Path(tempfile.mkdtemp(prefix="sent-test-postgres-"))
    if user := _unprivileged_user():
        shutil.chown(home, user)
    data = str(home / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run(initdb, check=True, capture_output=True, **_run_as(home))
    port = _free_port()
    command = [str(binaries / "postgres"), "-D", data, "-p", str(port), "-k", str(home), "-c", "max_connections=200"]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    server = Postgres(url, home, command=command)
    try:
        server.start()
    except NoPostgresError:
        server.close()
        raise
    return server


def _run_as(home: Path) -> dict[str, Any]:
    user = _unprivileged_user()
    return {"user": user, "cwd": home} if user else {"cwd": home}


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(url: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url, timeout=60)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())
