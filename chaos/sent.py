"""`sent`, with a witness at the carrier, and on request with a planted bug or a wall clock that somebody moves.

Nothing of this is in the server: a process of a scenario starts here instead of at `sent_server.cli.main`.

CHAOS_CARRIER_LOG  file to which every submit to a carrier is appended before it is made: "PID ATTEMPT_ID"
CHAOS_PLANT        name of a bug of chaos/planted_bugs.py
CHAOS_CARRIER_MS   how long the carrier thinks before it answers
CHAOS_CLOCK        file of 8 bytes: milliseconds by which the wall clock is wrong, signed, little-endian
"""

import asyncio
import mmap
import os
import struct
import sys
import time
from typing import Any

import asyncpg

from chaos import planted_bugs
from sent_server.carriers.base import Submission, SubmitOutcome
from sent_server.carriers.simulator.adapter import Simulator
from sent_server.cli import main


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "chaos.sent", *arguments]


def watch_carrier(path: str) -> None:
    """One write per submit, so that a kill leaves whole lines."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    submit = Simulator.submit
    think_s = int(os.environ.get("CHAOS_CARRIER_MS", "0")) / 1000

    async def submit_seen(self: Simulator, submission: Submission) -> SubmitOutcome:
        os.write(log, f"{os.getpid()} {submission.attempt_id}\n".encode())
        answer = await submit(self, submission)
        await asyncio.sleep(think_s)
        return answer

    Simulator.submit = submit_seen


def tell_name() -> None:
    """PostgreSQL learns which process a connection belongs to, and with it the triggers of scenarios."""
    create_pool = asyncpg.create_pool

    def create_named_pool(url: str, *, server_settings: dict[str, str], **options: Any) -> Any:
        settings = {**server_settings, "application_name": f"sent-{os.getpid()}"}
        return create_pool(url, server_settings=settings, **options)

    asyncpg.create_pool = create_named_pool


def move_clock(path: str) -> None:
    """Everything in this process that asks for the time of day gets it with the error of the moment."""
    with open(path, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    time_ns = time.time_ns

    def wrong_ns() -> int:
        return time_ns() + struct.unpack("<q", shared[:8])[0] * 1_000_000

    time.time_ns = wrong_ns
    time.time = lambda: wrong_ns() / 1e9


if __name__ == "__main__":
    tell_name()
    if log := os.environ.get("CHAOS_CARRIER_LOG"):
        watch_carrier(log)
    if clock := os.environ.get("CHAOS_CLOCK"):
        move_clock(clock)
    if plant := os.environ.get("CHAOS_PLANT"):
        planted_bugs.ALL[plant]()
    main.main()
