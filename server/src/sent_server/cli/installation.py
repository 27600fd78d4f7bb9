"""Settings of the installation of a command, and whether it is embedded."""

import os
from pathlib import Path
from typing import Any

from sent_server import settings as all_settings
from sent_server.settings import Settings


def settings_of(
    home: Path | None, database: str | None, config: Path | None = None, *, warn: Any = None, **flags: Any
) -> Settings:
    """Precedence: flags, `SENT_*`, the file, defaults. Raises SettingsError."""
    given = {"home": None if home is None else str(home), **flags}
    if database is not None:
        given["database_url"] = database
    return all_settings.load(config_file=config, flags=given, warn=warn)


def settings_to_serve(home: Path | None, config: Path | None, **flags: Any) -> Settings:
    """The same for `sent up`, which lets webhooks reach this machine by default if it is embedded."""
    return as_served(settings_of(home, None, config, **flags), config, **flags)


def as_served(settings: Settings, config: Path | None, **flags: Any) -> Settings:
    """The settings that a server would use. `sent doctor` examines the same ones."""
    if is_embedded(settings) and not settings.egress_allow_loopback:
        opened = {"egress_allow_loopback": True}
        given = {"home": settings.home, **flags}
        return all_settings.load(config_file=config, flags=given, defaults=opened, warn=_said_before)
    return settings


def is_embedded(settings: Settings) -> bool:
    """Whether this is one process on SQLite that only this machine can reach."""
    return is_sqlite(settings) and settings.listens_on_loopback


def is_sqlite(settings: Settings) -> bool:
    return not settings.database_url or settings.database_url.startswith("sqlite:")


def chose_port(port_flag: int | None, settings: Settings) -> bool:
    """Whether the port was set explicitly."""
    return port_flag is not None or "SENT_PORT" in os.environ or settings.port != Settings().port


def _said_before(_warning: str) -> None:
    return
