"""hostile: what one hostile client or receiver does to everybody else of a server.

`python -m bench.hostile [--server NAME=COMMAND ...] [--only NAME]`. Servers are started alternately and attacked in the
same ways, one after the other, while `GET /v3/health` is asked all the time: the slowest answer and the growth of the
server's memory are the figures. COMMAND is the `sent` of any checkout, so that before and after are one run:

    python -m bench.hostile --server after=sent \\
        --server "before=env PYTHONPATH=/other/server/src python -m sent_server.cli.main"

Or a server that runs already: `--base-url URL --pid PID --api-key KEY`. Attacks go to 127.0.0.1 only.
"""

import argparse
import contextlib
import http.client
import json
import shlex
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from bench import processes
from bench.processes import Running
from bench.report import OUT

AIM_HEALTH_S = 1.0
AIM_MB = 60.0
PROBE_EVERY_S = 0.01
PATIENCE_S = 120.0
SETTLE_S = 1.0
MIB = 1024 * 1024
OPEN_DOOR = "/v3/users/invitations/accept"


class SkippedError(Exception):
    """This server does not do what the attack needs; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Target:
    """`pid` is whose memory is read."""

    port: int
    pid: int
    api_key: str

    def memory_mb(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def request(
        self, method: str, path: str, body: Any = None, *, key: bool = True, timeout_s: float = PATIENCE_S
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        headers = {"content-type": "application/json"} if body is not None else {}
        if key:
            headers["x-api-key"] = self.api_key
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Watch:
    """Polls health and memory until it is stopped; every request has its own connection."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._stop = threading.Event()
        self.slowest_s = 0.0
        self.failed = self.asked = 0
        self.before_mb = self.peak_mb = target.memory_mb()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._ask, self._look)]

    def __enter__(self) -> "Watch":
        for thread in self._threads:
            thread.start()
        time.sleep(5 * PROBE_EVERY_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _ask(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            self.asked += 1
            try:
                status, _ = self._target.request("GET", "/v3/health", key=False)
                self.failed += status != 200
            except (OSError, http.client.HTTPException):
                self.failed += 1
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
            time.sleep(PROBE_EVERY_S)

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            with contextlib.suppress(OSError):
                self.peak_mb = max(self.peak_mb, self._target.memory_mb())


@dataclass(frozen=True, slots=True)
class Result:
    server: str
    attack: str
    answer: str
    took_s: float
    health_s: float
    health_failed: int
    grown_mb: float


# --- attacks: each returns what the server answered ------------------------------------------------------------------


def duplicate_keys(target: Target) -> str:
    """R1: no key needed; finding which of 20,000 names came twice."""
    body = "{" + ",".join(f'"k{number:05}":0' for number in range(20_000)) + ',"zz":0,"zz":0}'
    return _said(target.request("POST", OPEN_DOOR, body.encode(), key=False))


def costly_json(target: Target) -> str:
    """R1, R8: a mebibyte of brackets, of empty objects, of numbers, and of an unfinished string."""
    bodies = [
        b"[" * MIB,
        b'{"x":[' + b",".join([b"{}"] * 340_000) + b"]}",
        b'{"x":[' + b",".join([b"1.5"] * 250_000) + b"]}",
        b'{"x":"' + b'\\",' * 340_000,
    ]
    return _said(*(target.request("POST", OPEN_DOOR, body, key=False) for body in bodies))


def interim_answers(target: Target) -> str:
    """R2: a receiver that answers 1xx without end, with a timeout of ten seconds, tried twice."""
    with processes.module("bench.interim") as receiver:
        hook = {
            "display_name": "hostile",
            "endpoint_url": f"http://127.0.0.1:{receiver.port}/x",
            "event_types": ["messages"],
            "timeout_seconds": 10,
        }
        status, content = target.request("POST", "/v3/webhooks", hook)
        if status != 201:
            raise SkippedError(f"{status} for a webhook")
        path = f"/v3/webhooks/{json.loads(content)['data']['id']}"
        event = {"event_type": "messages"}
        said = _said(*(target.request("POST", f"{path}/test", event) for _ in range(2)))
        target.request("DELETE", path, {})
    return said


def large_answers(target: Target) -> str:
    """R6: one sandbox request for 1,000 recipients, whose text is rendered for each and each channel."""
    names = [f"v{number}" for number in range(60)]
    text = "".join(f"{{{{{number}:variable}}}}" for number in range(60))
    variables = [
        {"id": number, "name": name, "type": "variable", "props": {"variableType": "text", "sample": "x"}}
        for number, name in enumerate(names)
    ]
    template = {
        "category": "UTILITY",
        "language": "en_US",
        "submit_for_review": False,
        "definition": {"body": {"multiChannel": {"type": "text", "template": text[:1_028], "variables": variables}}},
    }
    status, content = target.request("POST", "/v3/templates", template)
    if status != 201:
        raise SkippedError(f"{status} for the template: {content[:200]!r}")
    message = {
        "to": [f"+1415{number:07}" for number in range(2_000_000, 2_001_000)],
        "template": {"id": json.loads(content)["data"]["id"], "parameters": dict.fromkeys(names, "x" * 1_024)},
        "channel": ["whatsapp", "sms"],
        "sandbox": True,
    }
    return _said(target.request("POST", "/v3/messages", message))


def silent_connections(target: Target) -> str:
    """R7: 300 connections that send nothing and 300 with half a head, and how many are there 12 s later."""
    half = b"POST /v3/contacts HTTP/1.1\r\nHost: x\r\nX-One: "
    with _connections(target, 300, b"") as idle, _connections(target, 300, half) as stuck:
        time.sleep(12)
        return f"after 12 s {_open(idle)} idle, {_open(stuck)} half heads"


def many_connections(target: Target) -> str:
    """R7: 1,500 connections of one address."""
    with _connections(target, 1_500, b"") as opened:
        time.sleep(1)
        return f"{_open(opened)} of 1,500 open"


def stuck_bodies(target: Target) -> str:
    """R7: 300 requests without a key whose body of nearly a mebibyte never ends."""
    head = f"POST {OPEN_DOOR} HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n".encode()
    with _connections(target, 300, head + b"x" * 1_048_000) as opened:
        time.sleep(2)
        return f"{_open(opened)} of 300 open"


def long_lists(target: Target) -> str:
    """R8: 200,000 invalid recipients, and as many unknown event types."""
    return _said(
        target.request("POST", "/v3/messages", {"to": ["x"] * 200_000, "template": {"name": "welcome"}}),
        target.request("POST", "/v3/webhooks", {"event_types": ["x"] * 200_000}),
    )


def long_names(target: Target) -> str:
    """R16: unknown and repeated names that a refusal would carry back."""
    parameters = {f"{number}{'n' * 900}": {} for number in range(1_000)}
    message = {"to": ["+14155550100"], "template": {"name": "welcome", "parameters": parameters}}
    name = b"k" * 500_000
    return _said(
        target.request("POST", "/v3/messages", message),
        target.request("POST", "/v3/messages", b'{"%s":1,"%s":1}' % (name, name)),
    )


ATTACKS: dict[str, Callable[[Target], str]] = {
    "R1 a name twice among 20,000": duplicate_keys,
    "R1 costly JSON, 4 x 1 MiB": costly_json,
    "R2 endless interim answers": interim_answers,
    "R6 1,000 recipients of a long text": large_answers,
    "R7 600 silent connections": silent_connections,
    "R7 1,500 connections": many_connections,
    "R7 300 bodies without end": stuck_bodies,
    "R8 lists of 200,000": long_lists,
    "R16 long names": long_names,
}


def _said(*answers: tuple[int, bytes]) -> str:
    statuses = " ".join(sorted({str(status) for status, _ in answers}))
    size = sum(len(content) for _, content in answers)
    return f"{statuses}, {size / 1e6:.1f} MB" if size > 100_000 else f"{statuses}, {size:,} B"


@contextlib.contextmanager
def _connections(target: Target, count: int, sent: bytes) -> Generator[list[socket.socket]]:
    opened: list[socket.socket] = []
    try:
        for _ in range(count):
            with contextlib.suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", target.port), 5)
                opened.append(connection)
                connection.sendall(sent)
        yield opened
    finally:
        for connection in opened:
            connection.close()


def _open(connections: Sequence[socket.socket]) -> int:
    count = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            while connection.recv(65_536):
                pass
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count


# --- the run ---------------------------------------------------------------------------------------------------------


def attack_all(server: str, target: Target, wanted: Sequence[str]) -> list[Result]:
    results: list[Result] = []
    for name in wanted:
        time.sleep(SETTLE_S)
        with Watch(target) as watch:
            started = time.monotonic()
            try:
                said = ATTACKS[name](target)
            except SkippedError as reason:
                said = f"not done: {reason}"
            except (OSError, http.client.HTTPException) as error:
                said = f"{type(error).__name__}: {error}"
            took_s = time.monotonic() - started
        grown_mb = watch.peak_mb - watch.before_mb
        results.append(Result(server, name, said, took_s, watch.slowest_s, watch.failed, grown_mb))
        print(f"{server}: {name}: {said}, health {watch.slowest_s:.2f} s", file=sys.stderr)
    return results


@contextlib.contextmanager
def _target(command: str | None) -> Generator[Target]:
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        prefix = shlex.split(command) if command else [sys.executable, "-m", "sent_server.cli.main"]
        with processes.command(
            [*prefix, "up", "--home", folder, "--port", "0", "--json", "--tier", "unlimited"]
        ) as running:
            yield _of(running)


def _of(running: Running) -> Target:
    # The ready line of older releases names no process; a command is then the server itself.
    return Target(running.port, int(running.ready.get("pid", running.process.pid)), running.ready["api_key"])


def _show(results: Sequence[Result]) -> None:
    table = Table(title="hostile - one client or receiver against everybody else", title_justify="left")
    for column in ("attack", "server", "answered", "took s", "slowest health s", "failed", "memory +MB", "met"):
        table.add_column(column, justify="left" if column in ("attack", "server", "answered") else "right")
    for one in sorted(results, key=lambda result: list(ATTACKS).index(result.attack)):
        met = one.health_s < AIM_HEALTH_S and one.grown_mb < AIM_MB and not one.health_failed
        table.add_row(
            one.attack, one.server, one.answer, f"{one.took_s:.2f}", f"{one.health_s:.2f}", str(one.health_failed),
            f"{one.grown_mb:.0f}", "[green]yes[/]" if met else "[red]no[/]",
        )  # fmt: skip
    Console(width=170).print(table)
    OUT.mkdir(exist_ok=True)
    path = OUT / f"hostile-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps([asdict(one) for one in results], indent=2) + "\n", encoding="utf-8")
    print(f"kept in {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--server", action="append", metavar="NAME=COMMAND", help="a `sent` to start; repeatable")
    parser.add_argument("--base-url", help="a server that runs already")
    parser.add_argument("--pid", type=int)
    parser.add_argument("--api-key")
    parser.add_argument("--only", action="append", default=[], help="attacks whose name begins so; repeatable")
    options = parser.parse_args()
    wanted = [name for name in ATTACKS if not options.only or name.startswith(tuple(options.only))]
    results: list[Result] = []
    if options.base_url:
        if not options.pid or not options.api_key:
            parser.error("--base-url needs --pid and --api-key")
        target = Target(urlsplit(options.base_url).port or 80, options.pid, options.api_key)
        results += attack_all("running", target, wanted)
    else:
        for server in options.server or ["this"]:
            name, _, command = server.partition("=")
            try:
                with _target(command or None) as target:
                    results += attack_all(name, target, wanted)
            except Exception:
                traceback.print_exc()
    _show(results)


if __name__ == "__main__":
    main()
