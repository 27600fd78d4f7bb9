"""Checks of settings, the folder of the installation, free disk space, open files, and network exposure."""

import os
import resource
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from sent_server.cli import installation, screen
from sent_server.cli.doctor.findings import Finding, ok, problem, warning
from sent_server.cli.home import Home, UnsafeHomeError
from sent_server.installation import MASTER_KEY_FILE
from sent_server.settings import Settings

FULL_BYTES = 100 * 1024 * 1024
NARROW_BYTES = 1024 * 1024 * 1024
# Enough for webhook requests and client connections, with a margin.
FEW_FILES = 8_192
OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECRETS = (MASTER_KEY_FILE, "demo.json", "sent.db", "sent.db-wal")


def settings(said: Sequence[str]) -> Iterator[Finding]:
    """`said` has the warnings from reading the settings."""
    for one in said:
        found, _, remedy = one.partition("; ")
        yield warning("settings", found, remedy or "remove it, or see docs/reference/settings.md")
    if not said:
        yield ok("settings", "all SENT_ variables and all lines of the file are known settings")


def home(folder: Home) -> Iterator[Finding]:
    path = folder.path
    if not path.exists():
        yield ok("home", f"{path} does not exist yet; the first start creates it")
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield problem("home", f"this user has no access to {path}", f"chown -R $(id -un) {path}")
        return
    try:
        folder.check()
    except UnsafeHomeError as unsafe:
        found, _, remedy = str(unsafe).partition("; ")
        yield problem("home", found, remedy)
    open_ones = [name for name in (path, *(path / name for name in SECRETS)) if name.exists() and _mode(name) & OTHERS]
    for one in open_ones:
        mode = "700" if one.is_dir() else "600"
        serious = one.name == MASTER_KEY_FILE
        said = f"other users of this machine have access to {one} (mode {_mode(one):03o})"
        yield (problem if serious else warning)("home", said, f"chmod {mode} {one}")
    if not open_ones:
        yield ok("home", f"only this user has access to {path} and its files")


def disk(folder: Home) -> Finding:
    path = next(parent for parent in (folder.path, *folder.path.parents) if parent.exists())
    usage = shutil.disk_usage(path)
    said = f"{_size(usage.free)} of {_size(usage.total)} are free at {path}"
    if usage.free < FULL_BYTES:
        return problem("disk", said, "free some space; when it is full, requests that write return 503")
    if usage.free < NARROW_BYTES:
        return warning("disk", said, "free some space before it fills up")
    return ok("disk", said)


def files() -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FEW_FILES:
        said = f"this user may open {hard:,} files, and each connection counts as one"
        return warning("files", said, "raise LimitNOFILE of the unit, or the hard limit of `ulimit -Hn`")
    return ok("files", "the limit of open files allows enough connections")


def exposure(settings: Settings) -> Iterator[Finding]:
    """Who can reach this server, and which addresses webhooks may call."""
    opens_loopback = settings.egress_allow_loopback and installation.is_embedded(settings)
    for said in [] if opens_loopback else screen.warnings(settings):
        found, _, remedy = said.partition("; ")
        yield warning("exposure", found, remedy or "unset SENT_EGRESS_ALLOW_LOOPBACK")
    if settings.smtp_url and not settings.public_url:
        yield warning(
            "exposure", "emails link to this machine's own address", "set SENT_PUBLIC_URL to the public address"
        )
    protocols = "https only" if settings.webhook_require_https else "http and https"
    reachable = f"listens on {settings.host}; webhooks may go to public addresses"
    if opens_loopback:
        # Only this machine can reach the server, so `sent up` allows loopback by default.
        closing = "SENT_EGRESS_ALLOW_LOOPBACK=false closes loopback"
        yield ok("exposure", f"{reachable} and to this machine, {protocols}; {closing}")
    else:
        yield ok("exposure", f"{reachable}, {protocols}")


def roles(settings: Settings) -> Iterator[Finding]:
    """Whether the configured services work together."""
    if installation.is_sqlite(settings):
        if settings.bus_url or settings.cache_url:
            yield warning(
                "roles",
                "a bus or a cache is set, but SQLite serves one process only",
                "set SENT_DATABASE_URL=postgresql://..., or unset SENT_BUS_URL and SENT_CACHE_URL",
            )
        else:
            yield ok("roles", "one process, `sent up`, does everything")
    elif settings.bus_url and settings.cache_url:
        yield ok("roles", "any number of `sent api` and `sent worker`")
    else:
        missing = [name for name, url in (("bus", settings.bus_url), ("cache", settings.cache_url)) if not url]
        yield warning(
            "roles",
            f"PostgreSQL without {' and '.join(missing)}: processes poll for work or count rate limits separately",
            "; ".join(f"set SENT_{name.upper()}_URL" for name in missing),
        )


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _size(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB" if count >= 1024**3 else f"{count / 1024**2:.0f} MiB"
