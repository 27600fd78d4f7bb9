"""`sent up --ephemeral --json` as a process: a whole server in a temporary folder, gone when it is stopped."""

import importlib.util
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sent_dm.client import AsyncSentDm, SentDm
from sent_dm.testing.phone import Phone

READY_TIMEOUT_S = 60.0
SERVER_MODULE = "sent_server"


class ServerNotInstalledError(RuntimeError):
    pass


class ServerStartError(RuntimeError):
    pass


class LocalServer:
    """A running server. `template_ids` are those of its ready templates by name, `sender_numbers` yours by channel."""

    base_url: str
    api_key: str
    customer_id: str
    sender_numbers: dict[str, str]
    template_ids: dict[str, str]

    def __init__(self, process: subprocess.Popen[bytes], ready: dict[str, Any]) -> None:
        self._process = process
        self.base_url = ready["base_url"]
        self.api_key = ready["api_key"]
        self.customer_id = ready["customer_id"]
        self.sender_numbers = ready["sender_numbers"]
        self.template_ids = ready["template_ids"]
        self.client = SentDm(self.api_key, base_url=self.base_url)
        # Numbers of no two tests are alike, nor are they magic ones (+1 NXX 555 01XX).
        self._numbers = (f"+1650{number:07d}" for number in itertools.count(random.randrange(2_000_000, 5_000_000)))

    @classmethod
    def start(cls, *flags: str) -> Self:
        """On a free port, with a demo account that no rate limit holds back. `flags` are more of those of `sent up`.

        Raises ServerNotInstalledError, ServerStartError.
        """
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SENT_")}
        arguments = [*command(), "up", "--ephemeral", "--json", "--port", "0", "--tier", "unlimited", *flags]
        with tempfile.TemporaryFile() as said:
            # A file and not a pipe: nobody would read a pipe while the tests run.
            process = subprocess.Popen(
                arguments, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL, env=clean
            )
            line = _first_line(process)
            if not line.strip():
                process.kill()
                process.communicate()
                said.seek(0)
                told = said.read().decode(errors="replace").strip()[-2_000:]
                raise ServerStartError(f"`sent up` ended before it was ready: {told or 'it printed nothing'}")
        return cls(process, json.loads(line))

    def new_client(self, **options: Any) -> SentDm:
        return SentDm(self.api_key, base_url=self.base_url, **options)

    def new_async_client(self, **options: Any) -> AsyncSentDm:
        return AsyncSentDm(self.api_key, base_url=self.base_url, **options)

    def phone(self, number: str | None = None) -> Phone:
        """The handset of `number`; without one, that of a number which nobody has used."""
        return Phone(self.client, next(self._numbers) if number is None else number)

    def advance_clock(self, seconds: float) -> None:
        """Let the server believe that time has passed: its timeouts and retries come due."""
        self.client.post("/sim/clock", body={"advance_ms": round(seconds * 1_000)})

    def now(self) -> datetime:
        """The time of the server, which is later than yours once its clock was advanced."""
        return datetime.fromisoformat(self.client.get("/sim/clock")["data"]["now"])

    def advance_clock_to(self, moment: datetime) -> None:
        """Let the server believe that it is `moment`: what is scheduled for then is sent. Never moves it back."""
        ahead_s = (moment - self.now()).total_seconds()
        if ahead_s > 0:
            self.advance_clock(ahead_s)

    def set_faults(self, *faults: dict[str, Any]) -> None:
        """Set all faults: {"channel": "sms", "kind": "rejected", "probability": 1}. Without arguments, no faults."""
        self.client.put("/sim/faults", body={"faults": list(faults)})

    def reset(self) -> None:
        """Forget handsets, messages and faults."""
        self.client.post("/sim/reset", body={})

    def stop(self) -> None:
        self.client.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def command() -> list[str]:
    """How to run `sent` here. Raises ServerNotInstalledError."""
    if importlib.util.find_spec(SERVER_MODULE) is not None:
        return [sys.executable, "-m", f"{SERVER_MODULE}.cli.main"]
    found = shutil.which("sent")
    if found is None:
        raise ServerNotInstalledError(
            "sent_dm.testing starts a server of its own, and the package sent-server is not installed here: "
            "install it into this environment, or put its command `sent` on the PATH"
        )
    return [found]


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """Empty when it ended without one, or was not ready in time."""
    assert process.stdout is not None
    too_late = threading.Timer(READY_TIMEOUT_S, process.kill)
    too_late.start()
    try:
        return process.stdout.readline()
    finally:
        too_late.cancel()
