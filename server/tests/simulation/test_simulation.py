"""The simulation itself: the same seed is the same world, and many worlds hold what they must."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from simulation import world
from simulation.world import Outcome, World

WANTED = (
    "process: killed", "process: frozen", "process: clock jumped", "storage: down", "storage: request lost",
    "storage: answer lost", "bus: hint lost", "carrier: hung", "carrier: broke", "carrier: took it, answer lost",
    "carrier: asked again", "receipt: late", "receipt: twice", "receipt: contradictory", "engine: fallback",
    "schedule: released", "schedule: cancelled", "schedule: cancelled too late", "message: sent again",
    "webhook: parked", "webhook: unreachable", "webhook: event posted again",
    "webhook: written later",
)  # fmt: skip
SEEDS_PER_TEST = 10
DIGESTS = "from simulation import world; print(*(world.run(seed).trace.digest for seed in (3, 4, 5)))"


class HangingCarriers(World):
    """Only carriers are awkward: one submit in five hangs. All processes, clocks and the database are well."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.kills_per_step = self.freezes_per_step = 0.0
        self.storage.trouble = self.storage.slow = 0.0
        self.exchange.hangs = 0.2

    async def _outages(self) -> None:
        return

    def finish(self) -> Outcome:
        outcome = super().finish()
        for (carrier, attempt_id), count in self.exchange.submitted.items():
            if count > 1 and (carrier, attempt_id) not in self.exchange.unanswered:
                outcome.wrong.append(f"{attempt_id} was answered by {carrier} and asked {count} times")
        return outcome


def test_a_submit_that_hangs_or_breaks_has_no_other_one_repeated() -> None:
    seen = Counter[str]()
    for seed in range(2_000, 2_016):
        outcome = world.run(seed, HangingCarriers)
        assert not outcome.wrong, outcome.report()
        seen += outcome.trace.counts
    assert seen["carrier: hung"] > 20
    assert seen["carrier: asked again"] > 0


# Many more of them: make simulate ARGS="--seeds 5000"
@pytest.mark.parametrize("first", range(0, 120, SEEDS_PER_TEST))
def test_nothing_is_lost_charged_twice_or_told_wrongly_whatever_goes_wrong(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        outcome = world.run(seed)
        assert not outcome.wrong, outcome.report()


def test_a_seed_gives_the_same_trace_every_time_and_in_every_process() -> None:
    here = " ".join(world.run(seed).trace.digest for seed in (3, 4, 5))
    assert len(set(here.split())) == 3
    for hash_seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[1])}
        told = subprocess.run([sys.executable, "-c", DIGESTS], env=environment, capture_output=True, check=True)
        assert told.stdout.decode().strip() == here


def test_the_worlds_of_the_suite_have_seen_everything_go_wrong() -> None:
    seen = Counter[str]()
    for seed in range(1_000, 1_040):
        outcome = world.run(seed)
        assert not outcome.wrong, outcome.report()
        seen += outcome.trace.counts
    assert [name for name in WANTED if not seen[name]] == []


def test_the_command_tells_how_fast_it_was_and_what_was_met() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "simulation", "--seeds", "4", "--from", "8", "--processes", "2"]
    told = subprocess.run(command, env=environment, capture_output=True, check=True).stdout.decode()
    assert "4 seeds from 8, 0 wrong" in told
    assert "process: killed" in told
