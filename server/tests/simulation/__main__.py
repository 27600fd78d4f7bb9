"""`make simulate ARGS="--seeds 5000 --from 0"`: plays worlds, several at once, and tells what was wrong and met."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from simulation import world

SHOWN = 5


@dataclass(frozen=True)
class Played:
    """What crosses between processes: the trace of a world stays where it was played."""

    seed: int
    report: str | None
    counts: Counter[str]
    steps: int
    virtual_s: float


def play(seed: int) -> Played:
    outcome = world.run(seed)
    report = outcome.report() if outcome.wrong else None
    return Played(seed, report, outcome.trace.counts, outcome.steps, outcome.virtual_s)


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulation", description="Simulated worlds in which everything goes wrong.")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many worlds")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="print all that happened, and its hash")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    if asked.trace:
        return max(show(seed) for seed in seeds)
    began_s, found = time.monotonic(), list[Played]()
    with ProcessPoolExecutor(asked.processes) as pool:
        for played in pool.map(play, seeds, chunksize=max(1, min(20, asked.seeds // asked.processes))):
            found.append(played)
            if played.report and sum(one.report is not None for one in found) <= SHOWN:
                print(played.report, flush=True)
            if sys.stderr.isatty():
                print(f"\r{len(found)}/{len(seeds)}", end="", file=sys.stderr, flush=True)
    return summary(found, asked.first, time.monotonic() - began_s)


def summary(found: list[Played], first: int, took_s: float) -> int:
    wrong = [played.seed for played in found if played.report]
    print(f"{len(found)} seeds from {first}, {len(wrong)} wrong {wrong[:20] if wrong else ''}".rstrip())
    hours = sum(played.virtual_s for played in found) / 3600
    steps = sum(played.steps for played in found)
    print(f"{len(found) / took_s:.1f} seeds/s; {hours:.1f} virtual hours and {steps:,} steps in {took_s:.1f} s")
    for name, count in sorted(sum((played.counts for played in found), Counter[str]()).items()):
        print(f"  {name:36} {count:>9,}")
    return 1 if wrong else 0


def show(seed: int) -> int:
    outcome = world.run(seed)
    print(*outcome.trace.tail(count=len(outcome.trace.lines)), sep="\n")
    print(f"seed {seed}: {len(outcome.trace.lines)} lines, {outcome.trace.digest}")
    if outcome.wrong:
        print(outcome.report())
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
