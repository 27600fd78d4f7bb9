"""Open attempts: deadlines, and the end of a process."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from sent_server.outbound import OpenAttempts


class Log:
    def __init__(self) -> None:
        self.cut_short: dict[str, str] = {}
        self.ended: list[str] = []

    async def attempt(self, name: str, takes_s: float) -> None:
        try:
            await asyncio.sleep(takes_s)
        except asyncio.CancelledError as cancelled:
            self.cut_short[name] = str(cancelled)


def run(act: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(act, 30))


async def all_ended(attempts: OpenAttempts[str]) -> None:
    while attempts:
        await asyncio.sleep(0.005)


def test_one_that_takes_too_long_is_cancelled_and_its_neighbours_are_not() -> None:
    async def act() -> None:
        log = Log()
        attempts = OpenAttempts[str](timeout_ms=300, overdue="too long", ended=log.ended.append)
        for name, takes_s in (("first", 0.0), ("hangs", 60.0), ("last", 0.05)):
            attempts.start(name, log.attempt(name, takes_s))
        assert list(attempts) == ["first", "hangs", "last"]
        await all_ended(attempts)
        assert log.cut_short == {"hangs": "too long"}
        assert log.ended == ["first", "last", "hangs"]

    run(act())


def test_deadlines_are_those_of_each_start() -> None:
    async def act() -> None:
        log = Log()
        attempts = OpenAttempts[str](timeout_ms=200, overdue="too long", ended=log.ended.append)
        attempts.start("early", log.attempt("early", 60))
        await asyncio.sleep(0.1)
        attempts.start("late", log.attempt("late", 60))
        while len(attempts) == 2:
            await asyncio.sleep(0.005)
        assert list(attempts) == ["late"]
        await all_ended(attempts)
        attempts.start("later", log.attempt("later", 60))
        await all_ended(attempts)
        assert log.ended == ["early", "late", "later"]

    run(act())


def test_a_stop_waits_for_those_that_end_and_cancels_the_rest() -> None:
    async def act() -> None:
        log = Log()
        attempts = OpenAttempts[str](ended=log.ended.append)
        attempts.start("ends", log.attempt("ends", 0.05))
        attempts.start("hangs", log.attempt("hangs", 60))
        await attempts.stop(within_s=0.5, reason="stopped")
        assert log.ended == ["ends", "hangs"]
        assert log.cut_short == {"hangs": "stopped"}

    run(act())


def test_one_that_is_cancelled_before_it_began_has_ended_too() -> None:
    async def act() -> None:
        log = Log()
        attempts = OpenAttempts[str](timeout_ms=0, overdue="too long", ended=log.ended.append)
        attempts.start("never began", log.attempt("never began", 60))
        await attempts.stop(within_s=0)
        await asyncio.sleep(0)
        assert log.ended == ["never began"]

    run(act())
