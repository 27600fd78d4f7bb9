"""What the simulation is worth: it finds bugs that are planted into the engine, each within so many seeds."""

import pytest

from simulation import world
from simulation.planted import BUGS


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(name: str) -> None:
    bug = BUGS[name]
    with bug.planted():
        found = next((outcome for outcome in map(world.run, bug.seeds) if outcome.wrong), None)
    assert found is not None, f"{name}: {bug.within} seeds did not notice"
    assert f'make simulate ARGS="--from {found.seed} --seeds 1 --trace"' in found.report()


def test_without_its_bug_the_engine_is_itself_again() -> None:
    for bug in BUGS.values():
        with bug.planted():
            pass
    assert not world.run(1).wrong
