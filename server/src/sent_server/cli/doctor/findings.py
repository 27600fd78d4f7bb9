"""What an examination found: one thing each, with the next step where something is wrong."""

from enum import StrEnum

from sent_server.kernel.values import value_object


class Level(StrEnum):
    """`PROBLEM` keeps the server from working or risks data; `WARNING` works, but not as one would want it to."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@value_object
class Finding:
    """`check` names what was looked at, such as `database.schema`. `remedy` is empty without a fault."""

    check: str
    level: Level
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, Level.OK, found)


def warning(check: str, found: str, remedy: str) -> Finding:
    return Finding(check, Level.WARNING, found, remedy)


def problem(check: str, found: str, remedy: str) -> Finding:
    return Finding(check, Level.PROBLEM, found, remedy)


def refused(check: str, error: Exception) -> Finding:
    """A problem out of one of our errors, whose text ends in the remedy after a semicolon."""
    found, _, remedy = str(error).partition("; ")
    return problem(check, found, remedy or "see the page docs/how-to/troubleshoot.md")
