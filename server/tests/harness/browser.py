"""Finds Chromium, or installs Debian's package of it, and starts it for the tests of pages."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# The sandbox needs rights that containers do not have. The pages are our own.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage")
INSTALL_TIMEOUT_S = 280


class NoBrowserError(Exception):
    pass


def find() -> str:
    """The path of Chromium. Raises NoBrowserError with the reason if there is none and none can be installed."""
    return _found() or _installed()


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """Keep it short: while it runs, this thread has a running event loop, and `asyncio.run` fails."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _found() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def _installed() -> str:
    """One process installs while the others wait."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise NoBrowserError("no Chromium found (Debian: apt install chromium)")
    with (Path(tempfile.gettempdir()) / "sent-test-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path := _found():
            return path
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
                subprocess.run(
                    [apt, *words], check=True, capture_output=True, env=environment, timeout=INSTALL_TIMEOUT_S
                )
        except (subprocess.SubprocessError, OSError) as error:
            raise NoBrowserError(f"no Chromium found, and installing it failed: {error}") from error
    path = _found()
    if path is None:
        raise NoBrowserError("the package chromium has no program of that name")
    return path
