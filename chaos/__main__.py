"""`make chaos`: runs scenarios over private services, prints a table, and ends with 1 when something did not hold."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
TESTS = str(ROOT / "server" / "tests")
sys.path.insert(0, TESTS)
# For the processes that scenarios start.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), TESTS])

from chaos import backlog, clocks, disk, frozen, kills, outages, receivers, retries  # noqa: E402
from chaos.environment import Environment, MissingError, prepared  # noqa: E402
from chaos.options import Options  # noqa: E402
from chaos.report import Findings, Line, show  # noqa: E402

SCENARIOS: dict[str, ModuleType] = {
    module.NAME: module for module in (kills, retries, frozen, outages, disk, receivers, clocks, backlog)
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; else all")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="of the dice; printed")
    parser.add_argument("--kills", type=int, default=200, help="how many processes are killed at least")
    parser.add_argument("--seconds", type=int, default=30, help="how long outages and pauses last at most")
    parser.add_argument("--short", action="store_true", help="a taste of everything, as in the suite")
    parser.add_argument(
        "--planted",
        nargs="?",
        const="all",
        metavar="BUG",
        help="plant each scenario's bugs, or one: all must be noticed",
    )
    given = parser.parse_args()
    if unknown := set(given.scenarios) - set(SCENARIOS):
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    options = Options(given.seed, given.kills, given.seconds, given.short)
    # Who is asked to end takes the private services along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = [SCENARIOS[name] for name in given.scenarios or SCENARIOS]
    try:
        with prepared() as environment:
            lines = [line for scenario in chosen for line in _lines(scenario, environment, options, given.planted)]
    except MissingError as reason:
        print(f"NOTHING WAS TESTED: {reason}", file=sys.stderr)
        return 2
    show(lines, seed=options.seed)
    return 1 if any(line.wrong for line in lines) else 0


def _lines(scenario: ModuleType, environment: Environment, options: Options, planted: str | None) -> list[Line]:
    """With bugs one line for each, which is wrong when the scenario saw nothing."""
    if planted is None:
        return judged(scenario, environment, options).lines
    lines: list[Line] = []
    for plant in scenario.PLANTS if planted == "all" else [planted]:
        found = judged(scenario, environment.with_plant(plant), options)
        # A scenario that breaks down has noticed nothing.
        seen = "" if found.broke_down else next(iter(found.wrong), "")
        wrong = () if seen else (f"the planted bug {plant} went unnoticed", *found.wrong)
        lines.append(Line(scenario.NAME, f"catches {plant}", seen[:90], wrong))
    return lines


def judged(scenario: ModuleType, environment: Environment, options: Options) -> Findings:
    """A scenario that breaks down has found something, too."""
    started_s = time.monotonic()
    print(f"{scenario.NAME} {environment.plant} ...", file=sys.stderr, flush=True)
    try:
        found: Findings = scenario.run(environment, options)
    except Exception as error:
        found = Findings(scenario.NAME, broke_down=True)
        found.add("runs to its end", "broke down", [f"{type(error).__name__}: {error}"[:1_000]])
    finally:
        environment.stop_all()
    print(f"{scenario.NAME} took {time.monotonic() - started_s:.0f} s", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
