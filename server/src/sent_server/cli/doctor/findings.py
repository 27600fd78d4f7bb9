"""Findings of an examination: one fact each, with a remedy if something is wrong."""

from enum import StrEnum

from sent_server.kernel.values import value_object


class Level(StrEnum):
    """A `PROBLEM` stops the server or risks data. With a `WARNING` the server works, but not well."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@value_object
class Finding:
    """`check` is a name such as `database.schema`. `remedy` is empty if the level is `OK`."""

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
    """A problem from one of our errors, whose text has the remedy after a semicolon."""
    found, _, remedy = str(error).partition("; ")
    return problem(check, found, remedy or "see docs/how-to/troubleshoot.md")
