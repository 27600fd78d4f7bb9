"""Two checkouts in one run: A B, B A, A B, ... with the quotient of each pair, so that both saw the same machine.

Every benchmark with `--against PATH` uses this. A is this checkout and B is PATH, for example a `git worktree` of the
commit before. Both run on this interpreter and its packages. `--against .` measures the noise: A and B are the same.
"""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev

from bench.figures import Figure

PAIRS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one checkout."""

    cpu_us: float
    per_s: float
    noise: float
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Quotient:
    """A divided by B: the geometric mean over the pairs, its standard error, and the extremes."""

    mean: float
    error: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ±{self.error:.3f} [{self.lowest:.2f}..{self.highest:.2f}]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--against", type=Path, help="another checkout: measure this one and that one in pairs")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"how many pairs (default {PAIRS})")


def environment(checkout: Path | None) -> Mapping[str, str]:
    """What makes a server process import the code of `checkout`. None is the checkout of this file."""
    if checkout is None:
        return {}
    sources = [checkout.resolve() / "server/src", checkout.resolve() / "sdk/src"]
    for source in sources:
        if not source.is_dir():
            raise SystemExit(f"{checkout} is not a checkout of this repository: {source} does not exist")
    return {"PYTHONPATH": ":".join(str(source) for source in sources)}


def take(ours: Callable[[], Sample], theirs: Callable[[], Sample], pairs: int) -> list[tuple[Sample, Sample]]:
    """Run both alternately. The first one of a pair alternates; the first pair warms both up and is dropped."""
    taken: list[tuple[Sample, Sample]] = []
    for number in range(pairs + 1):
        if number % 2:
            other, own = theirs(), ours()
        else:
            own, other = ours(), theirs()
        taken.append((own, other))
    return taken[1:]


def figures(name: str, taken: Sequence[tuple[Sample, Sample]]) -> list[Figure]:
    owns, others = [own for own, _ in taken], [other for _, other in taken]
    cpu = quotient([own.cpu_us / other.cpu_us for own, other in taken])
    rate = quotient([own.per_s / other.per_s for own, other in taken])
    incomplete = sum(not sample.complete for sample in (*owns, *others))
    missing = f" ({incomplete} runs incomplete)" if incomplete else ""
    return [
        _absolute(f"{name}: this checkout{missing}", owns),
        _absolute(f"{name}: the other", others),
        Figure("  CPU per message, this / other", str(cpu), raw={"pairs": [[a.cpu_us, b.cpu_us] for a, b in taken]}),
        Figure("  rate, this / other", str(rate), raw={"pairs": [[a.per_s, b.per_s] for a, b in taken]}),
    ]


def quotient(values: Sequence[float]) -> Quotient:
    logarithms = [math.log(value) for value in values]
    mean = math.exp(fmean(logarithms))
    error = stdev(logarithms) / math.sqrt(len(logarithms)) if len(logarithms) > 1 else 0.0
    return Quotient(mean, mean * error, min(values), max(values))


def _absolute(name: str, samples: Sequence[Sample]) -> Figure:
    return Figure(
        name,
        f"{median(sample.per_s for sample in samples):,.0f}/s",
        cpu_us_per_message=median(sample.cpu_us for sample in samples),
        noise=max(sample.noise for sample in samples),
    )


NOTES = (
    "this / other: geometric mean over the pairs ± its standard error [lowest..highest]. Below 1 is less CPU.",
    "A difference within two standard errors, or within that of a run with --against ., is not resolved.",
)
