"""The event loop of the simulation: virtual time, seeded order, processes that die and freeze."""

import asyncio

import pytest

from simulation.scheduler import Process, StuckError, VirtualLoop


def run(seed: int, hours: int = 1) -> tuple[list[str], float]:
    loop, heard = VirtualLoop(seed), list[str]()

    async def worker(name: str) -> None:
        for _ in range(5):
            heard.append(name)
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(worker(name) for name in "abcd"))
        async with asyncio.timeout(3600 * hours + 1):
            await asyncio.sleep(3600 * hours)

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    return heard, loop.time()


def test_the_seed_decides_the_order_and_an_hour_takes_no_time() -> None:
    assert run(1) == run(1)
    assert len({tuple(run(seed)[0]) for seed in range(20)}) > 10
    assert run(1)[1] == pytest.approx(3600)


def test_a_killed_process_stops_between_two_awaits_and_a_frozen_one_goes_on_later() -> None:
    loop, heard = VirtualLoop(7), list[tuple[str, int]]()
    victim, sleeper = Process("victim"), Process("sleeper")

    async def worker(name: str) -> None:
        try:
            while True:
                heard.append((name, loop.now_ms))
                await asyncio.sleep(1)
        finally:
            heard.append((f"{name} ended", loop.now_ms))

    async def main() -> None:
        for process in (victim, sleeper):
            loop.spawn(process, worker(process.name))
        await asyncio.sleep(2.5)
        victim.alive, sleeper.frozen = False, True
        await asyncio.sleep(10)
        loop.thaw(sleeper)
        await asyncio.sleep(1.5)

    try:
        loop.run_until_complete(main())
        assert [at_ms for name, at_ms in heard if name == "victim"] == [0, 1000, 2000]
        assert [at_ms for name, at_ms in heard if name == "sleeper"] == [0, 1000, 2000, 12500, 13500]
        assert not any("ended" in name for name, _ in heard)
        loop.discard_rest()
    finally:
        loop.close()
    assert loop.errors == []


def test_a_world_where_nothing_can_happen_says_so() -> None:
    loop = VirtualLoop(1)
    try:
        with pytest.raises(StuckError):
            loop.run_until_complete(loop.create_future())
        loop.discard_rest()
    finally:
        loop.close()
