"""Waiting for something that another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(predicate: Callable[[], T], timeout_s: float = 10.0, *, every_s: float = 0.05, what: str = "") -> T:
    """Call until truthy and return that value. Fails the test after `timeout_s`, with the last value seen."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s for {what or predicate!r}; last seen: {value!r}")
        time.sleep(every_s)
