"""Errors of commands, shown as one line that says how to fix them."""

import errno


class CommandError(Exception):
    """An error whose text is printed at the terminal."""


def explain(error: Exception) -> str | None:
    """The line to print, or None for a bug, which should show its traceback."""
    from sent_server.accounts import OperatorError
    from sent_server.bus import BusError
    from sent_server.cli.home import UnsafeHomeError
    from sent_server.db.errors import StorageError
    from sent_server.http.shared_limits import CacheError
    from sent_server.settings import SettingsError

    match error:
        case (
            CommandError()
            | UnsafeHomeError()
            | SettingsError()
            | OperatorError()
            | StorageError()
            | BusError()
            | CacheError()
        ):
            return str(error)
        case OSError(errno=errno.ENOSPC):
            return "the disk is full; free some space and start again, no data was lost"
        case OSError(filename=str(name), strerror=str(reason)):
            return f"{name}: {reason.lower()}; check the path, or choose another folder with --home"
        case _:
            return None


def is_outside(error: Exception) -> bool:
    """Whether the error comes from a database, bus or cache, so that `sent doctor` helps."""
    from sent_server.bus import BusError
    from sent_server.db.errors import StorageError
    from sent_server.http.shared_limits import CacheError

    return isinstance(error, StorageError | BusError | CacheError)
