"""Finds a free port, and the process that uses a busy one."""

import contextlib
import errno
import os
import socket
from pathlib import Path

from sent_server.cli.failures import CommandError

MAX_TRIES = 50
HIGHEST = 65_535
LISTEN = "0A"


def bind(host: str, port: int, *, or_next: bool) -> tuple[socket.socket, str | None]:
    """Returns a bound socket, and a notice if a busy port was skipped.

    `port` 0 takes any free port. Raises CommandError if the port is busy and `or_next` is off.
    """
    if not 0 <= port <= HIGHEST:
        raise CommandError(f"port must be between 0 and {HIGHEST}")
    said: str | None = None
    tries = MAX_TRIES if or_next and port else 1
    for candidate in range(port, min(port + tries, HIGHEST + 1)):
        try:
            bound = _bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"cannot listen on {host}:{candidate}: {_reason(error)}") from error
            said = said or f"port {port} is in use by {holder(port)}"
            continue
        return bound, f"{said}; using {candidate}" if said else None
    advice = "stop it, or choose another port with --port (0 takes any free one)"
    raise CommandError(f"{said}; {advice}")


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


def _reason(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return "no such host; use an address of this machine with --host"
        case PermissionError():
            return "ports below 1024 need privileges; choose a higher one with --port"
        case OSError(errno=errno.EADDRNOTAVAIL):
            return "this machine does not have that address; check --host"
        case _:
            return error.strerror or str(error)


def base_url(host: str, port: int) -> str:
    """The URL for clients on this machine of a server that listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{port}"


def holder(port: int) -> str:
    """The listener as `NAME (pid N)`, if /proc shows it."""
    inodes = _listening_inodes(port)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for link in (folder / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(link) in inodes:
                        return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
    return "another process"


def _listening_inodes(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found
