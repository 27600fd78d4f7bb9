"""Outcomes are written together, and fail apart."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from structlog.testing import capture_logs

from sent_server.db import StorageUnavailableError
from sent_server.outbound import OutcomeRecorder


class Table:
    """Where outcomes are written: it can be slow, away, or refuse one of them."""

    def __init__(self, *, poison: str | None = None) -> None:
        self.sets: list[list[str]] = []
        self.poison = poison
        self.away = False
        self.free = asyncio.Event()
        self.free.set()

    async def write(self, outcomes: Sequence[str]) -> None:
        await self.free.wait()
        if self.away:
            raise StorageUnavailableError("away")
        if self.poison in outcomes:
            raise ValueError(self.poison)
        self.sets.append(list(outcomes))

    def recorder(self) -> OutcomeRecorder[str]:
        return OutcomeRecorder("test", self.write, describe=lambda outcome: {"outcome": outcome})


def run(act: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(act(), 30))  # type: ignore[arg-type]  # every act is a coroutine


async def settled(recorder: OutcomeRecorder[str]) -> None:
    await recorder.stop(within_s=10)
    assert recorder.held == 0


def test_what_comes_while_the_last_ones_are_written_is_written_next() -> None:
    async def act() -> None:
        table = Table()
        table.free.clear()
        recorder = table.recorder()
        for one in "abc":
            recorder.add(one)
        await asyncio.sleep(0)
        for one in "defg":
            recorder.add(one)
        assert recorder.held == 7
        table.free.set()
        await settled(recorder)
        assert table.sets == [list("abc"), list("defg")]

    run(act)


def test_one_that_cannot_be_written_takes_no_other_along() -> None:
    async def act() -> None:
        table = Table(poison="c")
        recorder = table.recorder()
        with capture_logs() as logs:
            for one in "abcde":
                recorder.add(one)
            await settled(recorder)
        assert sorted(one for together in table.sets for one in together) == list("abde")
        assert [(line["event"], line["outcome"]) for line in logs] == [("test.outcome_lost", "c")]

    run(act)


def test_an_outage_of_the_database_is_waited_for() -> None:
    async def act() -> None:
        table = Table()
        table.away = True
        recorder = table.recorder()
        recorder.add("a")
        await recorder.stop(within_s=0.2)
        assert (recorder.held, table.sets) == (1, [])
        table.away = False
        await settled(recorder)
        assert table.sets == [["a"]]

    run(act)


@pytest.mark.parametrize("count", [1, 3])
def test_an_outage_that_does_not_end_is_logged_with_what_it_took(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act() -> None:
        table = Table()
        table.away = True
        recorder = table.recorder()
        with capture_logs() as logs:
            for one in "abc"[:count]:
                recorder.add(one)
            await settled(recorder)
        assert [(line["event"], line["count"]) for line in logs] == [("test.outcomes_lost", count)]

    monkeypatch.setattr("sent_server.db.retry.PATIENCE_S", 0)
    run(act)
