"""A closed-loop HTTP/1.1 load driver, lighter than any server it drives.

Runs as a process of its own (`python -m bench.load`): a plan as JSON on stdin, a result as JSON on stdout. Each
connection sends its next request as soon as the answer to the last one is complete; with `rate_per_s` requests leave
on a timetable instead, by whichever connection is free.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

import uvloop

TICK_S = 0.002
GIVE_UP_AFTER_S = 30.0
KEPT_FAULTS = 2
MAX_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send. `targets` and `bodies` go round; with `once` the run ends with the last body.

    Requests that start in the first `warm_up_s` are answered but not counted. `fresh_keys` gives every request an
    idempotency key of its own.
    """

    port: int
    method: str
    targets: Sequence[str]
    headers: dict[str, str]
    bodies: Sequence[str] = ("",)
    fresh_keys: bool = False
    once: bool = False
    connections: int = 64
    seconds: float = 4.0
    warm_up_s: float = 0.5
    max_requests: int = 1_000_000
    rate_per_s: float = 0.0
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Load:
    """What came back. `driver_busy` near 1 means that the driver, not the server, was the limit."""

    requests: int
    errors: int
    seconds: float
    per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    driver_busy: float
    faults: list[str] = field(default_factory=list[str])
    sample: str = ""


def drive(plan: Plan) -> Load:
    """Run the driver as a process and wait for its result. Raises when the server answered wrongly or not at all."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(plan)).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=plan.seconds + plan.warm_up_s + GIVE_UP_AFTER_S + 30,
    )
    load = Load(**json.loads(done.stdout))
    if load.errors:
        raise RuntimeError(f"{load.errors} of {load.requests} requests failed: {load.faults}")
    return load


def _requests(plan: Plan) -> Iterator[bytes]:
    """Everything but the key is built before the clock starts."""
    names = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
    start = [f"{plan.method} {target} HTTP/1.1\r\nhost: {plan.host}\r\n{names}".encode() for target in plan.targets]
    ends: list[bytes] = []
    for body in plan.bodies:
        content = body.encode()
        lines = f"content-type: application/json\r\ncontent-length: {len(content)}\r\n" if content else ""
        ends.append(lines.encode() + b"\r\n" + content)
    pairs = zip(cycle(start), ends if plan.once else cycle(ends), strict=False)
    if not plan.fresh_keys:
        # With one body the targets still go round, and the other way about.
        yield from (head + end for head, end in pairs)
        return
    run = os.urandom(8).hex().encode()
    for number, (head, end) in enumerate(pairs):
        yield b"%bidempotency-key: %b-%08d\r\n%b" % (head, run, number, end)


class Driver:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests = _requests(plan)
        self.taken_ns = array("q")
        self.errors = 0
        self.faults: list[str] = []
        self.sample = b""
        self.open = 0
        self.idle: list[Connection] = []
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.counted_from_ns = 0
        self.last_ns = 0
        self.ends_ns = 0
        self.sent = 0

    def next_request(self) -> bytes | None:
        if self.sent >= self.plan.max_requests or time.perf_counter_ns() >= self.ends_ns:
            return None
        self.sent += 1
        return next(self.requests, None)

    def fail(self, why: str) -> None:
        self.errors += 1
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(why)

    def closed(self) -> None:
        self.open -= 1
        if self.open == 0 and not self.finished.done():
            self.finished.set_result(None)


class Connection(asyncio.Protocol):
    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._buffer = b""
        self._started_ns = 0
        self._transport: Any = None
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._driver.open += 1

    def send_next(self) -> None:
        request = self._driver.next_request()
        if request is None:
            self._transport.close()
            return
        self._waiting = True
        self._started_ns = time.perf_counter_ns()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0:
            self._buffer = data
            return
        at = data.find(b"content-length: ", 0, head_end)
        length = int(data[at + 16 : data.index(b"\r", at)]) if at > 0 else 0
        if len(data) < head_end + 4 + length:
            self._buffer = data
            return
        self._buffer = b""
        self._waiting = False
        driver, now_ns = self._driver, time.perf_counter_ns()
        if self._started_ns >= driver.counted_from_ns:
            driver.taken_ns.append(now_ns - self._started_ns)
            driver.last_ns = now_ns
        if data[9:10] != b"2":
            driver.fail(data[:1_000].decode(errors="replace"))
        elif not driver.sample:
            driver.sample = data
        if driver.plan.rate_per_s:
            driver.idle.append(self)
        else:
            self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._driver.fail(f"the connection broke during a request: {exc}")
        self._driver.closed()

    def abort(self) -> None:
        self._transport.abort()


async def run(plan: Plan) -> Load:
    driver = Driver(plan)
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: Connection(driver), plan.host, plan.port))[1]
        for _ in range(plan.connections)
    ]
    start_ns = time.perf_counter_ns()
    driver.counted_from_ns = start_ns + int(plan.warm_up_s * 1e9)
    driver.ends_ns = driver.counted_from_ns + int(plan.seconds * 1e9)
    busy_before_s = time.process_time()
    if plan.rate_per_s:
        driver.idle = list(connections)
        await _keep_to_timetable(driver)
    else:
        for connection in connections:
            connection.send_next()
    left_s = (driver.ends_ns - time.perf_counter_ns()) / 1e9 + GIVE_UP_AFTER_S
    try:
        await asyncio.wait_for(asyncio.shield(driver.finished), max(left_s, 1))
    except TimeoutError:
        for connection in connections:
            connection.abort()
        driver.fail("the server left requests unanswered")
    took_s = max((driver.last_ns - driver.counted_from_ns) / 1e9, 1e-9)
    busy = (time.process_time() - busy_before_s) / ((time.perf_counter_ns() - start_ns) / 1e9)
    return _result(driver, took_s, busy)


async def _keep_to_timetable(driver: Driver) -> None:
    rate_per_s = driver.plan.rate_per_s
    start_ns = time.perf_counter_ns()
    due = 0
    while time.perf_counter_ns() < driver.ends_ns and driver.sent < driver.plan.max_requests:
        wanted = int((time.perf_counter_ns() - start_ns) / 1e9 * rate_per_s)
        while due < wanted and driver.idle:
            driver.idle.pop().send_next()
            due += 1
        await asyncio.sleep(TICK_S)
    driver.ends_ns = 0
    while driver.idle or driver.open:
        for connection in driver.idle:
            connection.send_next()
        driver.idle.clear()
        await asyncio.sleep(TICK_S)


def _result(driver: Driver, took_s: float, busy: float) -> Load:
    taken_ms = sorted(value / 1e6 for value in driver.taken_ns) or [0.0]
    count = len(driver.taken_ns)
    return Load(
        requests=count,
        errors=driver.errors,
        seconds=took_s,
        per_s=count / took_s,
        p50_ms=taken_ms[len(taken_ms) // 2],
        p99_ms=taken_ms[min(len(taken_ms) - 1, int(len(taken_ms) * 0.99))],
        max_ms=taken_ms[-1],
        driver_busy=busy,
        faults=driver.faults,
        sample=driver.sample[:MAX_SAMPLE].decode(errors="replace"),
    )


def main() -> None:
    plan = Plan(**json.loads(sys.stdin.buffer.read()))
    gc.disable()
    load = uvloop.run(run(plan))
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()
