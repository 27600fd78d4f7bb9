"""Named points where a crash test may kill the process: `SENT_FAILPOINT=name`, or `name:N` for the Nth pass."""

import os

_name, _, _nth = os.environ.get("SENT_FAILPOINT", "").partition(":")
_left = int(_nth or 1)


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment names this point."""
    if _name and name == _name:
        global _left
        _left -= 1
        if _left <= 0:
            os.kill(os.getpid(), 9)
