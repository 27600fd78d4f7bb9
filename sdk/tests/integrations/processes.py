"""Processes of a user's project: workers, schedulers, web servers."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


class Process:
    """A program that runs while the `with` block does. What it prints goes to `log`."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
        ready: str,
        within_s: float = 60,
    ) -> None:
        self.log = log
        with log.open("wb") as output:
            self._running = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=cwd,
                env=environment(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._ready = ready
        self._within_s = within_s

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        deadline_s = time.monotonic() + self._within_s
        while self._ready not in self.said():
            if self._running.poll() is not None or time.monotonic() > deadline_s:
                self.stop()
                raise AssertionError(f"not ready: {self._running.args}\n{self.said()[-3_000:]}")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self._running.poll() is None:
            self._running.terminate()
            try:
                self._running.wait(20)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait(10)


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment(env), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without the settings of the developer's shell that could change what is tested."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SENT_", "CELERY_", "DJANGO_", "PYTHONWARNINGS"))
    }
    return {**clean, "PYTHONUNBUFFERED": "1", **(extra or {})}
