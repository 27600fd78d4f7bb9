"""A taste of `make chaos`: each scenario holds, and reports the bug that is planted for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import NOT_TESTED

ROOT = Path(__file__).parents[3]
NOTHING_TO_RUN_ON = 2


def chaos(*arguments: str) -> str:
    """What it printed; fails unless everything held."""
    done = subprocess.run(
        [sys.executable, "-m", "chaos", "--short", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "COLUMNS": "150"},
    )
    if done.returncode == NOTHING_TO_RUN_ON:
        NOT_TESTED.append(f"The fault tests did not run: {done.stderr.strip().splitlines()[-1]}")
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    NOT_TESTED.extend(line for line in done.stdout.splitlines() if line.startswith("NOT RUN"))
    return done.stdout


# One start of PostgreSQL, NATS and Redis serves several scenarios. `make chaos ARGS=--planted` plants every bug, the
# suite only the quickest.
def test_killed_processes_and_retries_lose_and_repeat_nothing():
    chaos("kills", "retries", "--kills", "3", "--seed", "1")


def test_a_planted_bug_is_noticed():
    chaos("retries", "--seed", "1", "--planted")
