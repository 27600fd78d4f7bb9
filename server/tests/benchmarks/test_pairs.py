"""`bench/pairs.py`: two checkouts by turns, and the quotient of each pair."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import pairs
from bench.pairs import Sample
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
quotients = st.lists(st.floats(0.01, 100), min_size=1, max_size=20)


def test_each_goes_first_by_turns_and_the_first_pair_only_warms_up() -> None:
    order: list[str] = []

    def run(name: str) -> Callable[[], Sample]:
        def one() -> Sample:
            order.append(name)
            return Sample(cpu_us=len(order), per_s=1, noise=0)

        return one

    taken = pairs.take(run("ours"), run("theirs"), 3)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs", "theirs", "ours"]
    assert [(own.cpu_us, other.cpu_us) for own, other in taken] == [(4, 3), (5, 6), (8, 7)]


@given(quotients)
def test_it_does_not_matter_which_of_the_two_is_divided_by_the_other(values: list[float]) -> None:
    one, other = pairs.quotient(values), pairs.quotient([1 / value for value in values])
    assert math.isclose(one.mean * other.mean, 1)
    assert math.isclose(one.error / one.mean, other.error / other.mean, abs_tol=1e-9)
    assert min(values) * 0.999 <= one.mean <= max(values) * 1.001
    assert (one.lowest, one.highest) == (min(values), max(values))


@given(st.floats(0.01, 100), st.integers(1, 20))
def test_equal_pairs_have_no_error(value: float, count: int) -> None:
    assert pairs.quotient([value] * count).error == pytest.approx(0, abs=1e-6)


def test_what_is_shown_are_medians_quotients_and_how_many_runs_are_incomplete() -> None:
    own = [Sample(50, 200, 0.1), Sample(60, 100, 0.3, complete=False), Sample(50, 300, 0.2)]
    taken = [(one, Sample(100, 100, 0.0)) for one in own]
    this, other, cpu, rate = pairs.figures("accept", taken)
    assert (this.name, this.value) == ("accept: this checkout (1 runs incomplete)", "200/s")
    assert (this.cpu_us_per_message, this.noise) == (50, 0.3)
    assert (other.name, other.value) == ("accept: the other", "100/s")
    assert cpu.value.startswith("0.531 ±")
    assert cpu.value.endswith("[0.50..0.60]")
    assert rate.value.endswith("[1.00..3.00]")


def test_another_checkout_is_imported_in_place_of_this_one() -> None:
    assert pairs.environment(None) == {}
    assert pairs.environment(ROOT) == {"PYTHONPATH": f"{ROOT / 'server/src'}:{ROOT / 'sdk/src'}"}


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not a checkout of this repository"):
        pairs.environment(tmp_path)
