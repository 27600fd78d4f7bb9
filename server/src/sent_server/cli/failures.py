"""The failures of commands, each in one line that names the next step."""

import errno


class CommandError(Exception):
    """Its text is what the person at the terminal reads."""


def explain(error: Exception) -> str | None:
    """The line to print, or None for what is a bug and deserves its traceback."""
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
            return "the disk is full; free some space and start again, nothing was lost"
        case OSError(filename=str(name), strerror=str(reason)):
            return f"{name}: {reason.lower()}; check the path, or choose another folder with --home"
        case _:
            return None


def is_outside(error: Exception) -> bool:
    """Whether a database, bus or cache refused, so that a look at all of them helps."""
    from sent_server.bus import BusError
    from sent_server.db.errors import StorageError
    from sent_server.http.shared_limits import CacheError

    return isinstance(error, StorageError | BusError | CacheError)
