"""The simulation itself: the same seed is the same world, and a few hundred worlds hold what they must."""

import pytest

from simulation import world

# More of them: make simulate ARGS="--seeds 5000"
SEEDS_PER_TEST = 10


@pytest.mark.parametrize("first", range(0, 100, SEEDS_PER_TEST))
def test_nothing_is_lost_charged_twice_or_told_wrongly_whatever_goes_wrong(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        outcome = world.run(seed)
        assert not outcome.wrong, outcome.report()


def test_the_same_seed_gives_the_same_trace() -> None:
    assert world.run(3).trace.lines == world.run(3).trace.lines
    assert world.run(3).trace.digest != world.run(4).trace.digest
